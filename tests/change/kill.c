/* Runs a program and kills it, all its threads, before the Nth call of a kind that it makes:
 *     kill CALL N PROGRAM [ARGS]
 * Ends as the program did, with 137 where it was killed. Between these calls it runs at its full speed,
 * which under strace it does only where nothing is injected. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct { const char *name; unsigned number; } calls[] = {
    {"openat", SYS_openat}, {"write", SYS_write}, {"linkat", SYS_linkat}, {"fsync", SYS_fsync},
    {"fdatasync", SYS_fdatasync}, {"syncfs", SYS_syncfs},
#ifdef SYS_rename
    {"rename", SYS_rename}, {"unlink", SYS_unlink}, {"rmdir", SYS_rmdir},
#endif
};

static void traced(unsigned number, char **command)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof code / sizeof *code, code};

    if (ptrace(PTRACE_TRACEME, 0, 0, 0) || raise(SIGSTOP) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
        _exit(126);
    execvp(command[0], command);
    _exit(127);
}

int main(int count, char **command)
{
    size_t call = 0;
    long left;
    int status;

    if (count < 4)
        return 2;
    while (call < sizeof calls / sizeof *calls && strcmp(calls[call].name, command[1]))
        call++;
    if (call == sizeof calls / sizeof *calls)
        return 2;
    left = atol(command[2]);

    pid_t child = fork();
    if (child == 0)
        traced(calls[call].number, command + 3);
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status)
        || ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEEXEC
                  | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK)
        || ptrace(PTRACE_CONT, child, 0, 0))
        return 2;
    for (;;) {
        pid_t who = waitpid(-1, &status, __WALL);
        if (who < 0)
            return 2;
        if (!WIFSTOPPED(status)) {
            if (who == child)
                return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        int event = status >> 16, signal = WSTOPSIG(status);
        if (event == PTRACE_EVENT_SECCOMP && --left == 0)
            kill(child, SIGKILL);
        /* A new thread or child begins with a stop that nobody sent. */
        else
            ptrace(PTRACE_CONT, who, 0, event || signal == SIGSTOP ? 0 : signal);
    }
}
