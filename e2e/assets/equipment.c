/* Test equipment for Wine.
 *
 *   equipment crash PID          ends a process as an access violation would (Wine's taskkill ends
 *                                processes with code 0, as if they had ended well)
 *   equipment hold FILE MILLIS   opens a file so that nobody else can, as scanners do, says `held`,
 *                                and lets go of it after so long
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static int crash(const char *pid)
{
    HANDLE process = OpenProcess(PROCESS_TERMINATE, FALSE, strtoul(pid, NULL, 10));
    return process && TerminateProcess(process, 0xC0000005) ? 0 : 1;
}

static int hold(const char *path, const char *millis)
{
    HANDLE file = CreateFileA(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return 1;
    puts("held");
    fflush(stdout);
    Sleep(strtoul(millis, NULL, 10));
    return 0;
}

int main(int count, char **words)
{
    if (count == 3 && !strcmp(words[1], "crash"))
        return crash(words[2]);
    if (count == 4 && !strcmp(words[1], "hold"))
        return hold(words[2], words[3]);
    return 2;
}
