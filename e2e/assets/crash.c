/* crash.exe PID: ends a process of Windows as an access violation would.
 *
 * Test equipment for Wine, whose taskkill ends processes with code 0, as if they had ended well.
 */
#include <stdlib.h>
#include <windows.h>

int main(int count, char **words)
{
    DWORD pid = count > 1 ? strtoul(words[1], NULL, 10) : 0;
    HANDLE process = OpenProcess(PROCESS_TERMINATE, FALSE, pid);
    return process && TerminateProcess(process, 0xC0000005) ? 0 : 1;
}
