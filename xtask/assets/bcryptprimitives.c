/* Test equipment, never shipped: a stand-in for the system library bcryptprimitives.dll.
 *
 * Rust's standard library asks it for random bytes, and older versions of Wine do not have it. One
 * function is enough to run our Windows programs there. Real Windows has the real library in its
 * system folder and must never see this one.
 */
#include <windows.h>

/* RtlGenRandom under the name that advapi32 exports. */
BOOLEAN WINAPI SystemFunction036(PVOID buffer, ULONG length);

/* Fills `buffer` with random bytes, in pieces that fit the older function's 32-bit length. */
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length)
{
    const SIZE_T most = 0x10000000;

    while (length > 0) {
        ULONG piece = (ULONG)(length < most ? length : most);
        if (!SystemFunction036(buffer, piece)) {
            return FALSE;
        }
        buffer += piece;
        length -= piece;
    }
    return TRUE;
}
