"""Stops one thread of a process, as if it were stuck in the kernel, until standard input ends.

Prints "held" when the thread has stopped, or an error.
"""

import ctypes
import os
import select
import sys

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, tid):
    if libc.ptrace(request, tid, None, None) != 0:
        sys.exit(f"ptrace: {os.strerror(ctypes.get_errno())}")


def main():
    tid = int(sys.argv[1])
    ptrace(PTRACE_SEIZE, tid)
    ptrace(PTRACE_INTERRUPT, tid)
    os.waitpid(tid, WALL)
    print("held", flush=True)
    while not select.select([sys.stdin], [], [], 0.05)[0]:
        # The process cannot end before the end of this thread is waited for.
        if os.waitpid(tid, WALL | os.WNOHANG)[0] != 0:
            return
    ptrace(PTRACE_DETACH, tid)


main()
