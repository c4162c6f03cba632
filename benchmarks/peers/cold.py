"""Run a command in a fresh process and print wall seconds, CPU seconds and peak KiB.

A process of its own, and a small one: the peak that the system reports of a child is at least that of its parent.
"""

import os
import sys
import time

start = time.perf_counter()
nothing = os.open(os.devnull, os.O_WRONLY)
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nothing, 1)])
_, status, used = os.wait4(child, 0)
print(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss)  # noqa: T201
sys.exit(os.waitstatus_to_exitcode(status))
