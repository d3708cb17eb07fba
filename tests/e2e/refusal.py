"""A host that refuses system calls: seccomp by ctypes, for preexec_fn. No privilege is needed."""
import ctypes
import struct

IO_URING_SETUP = 425    # the same number on every architecture
SECCOMP_RET_ERRNO = 0x00050000
SECCOMP_RET_ALLOW = 0x7FFF0000
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
BPF_LOAD_WORD = 0x20    # BPF_LD | BPF_W | BPF_ABS
BPF_JUMP_EQUAL = 0x15   # BPF_JMP | BPF_JEQ | BPF_K
BPF_RETURN = 0x06       # BPF_RET | BPF_K


class Program(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def refuse(number, error):
    """From now on this process gets `error` (an errno) for system call `number`."""
    libc = ctypes.CDLL(None, use_errno=True)
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in (
        (BPF_LOAD_WORD, 0, 0, 0),
        (BPF_JUMP_EQUAL, 0, 1, number),
        (BPF_RETURN, 0, 0, SECCOMP_RET_ERRNO | error),
        (BPF_RETURN, 0, 0, SECCOMP_RET_ALLOW),
    ))
    program = Program(len(code) // 8, code)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 \
            or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")
