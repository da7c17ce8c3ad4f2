"""Cameras in a child process that can be killed, and the newest frame of them in shared memory.

The parent uses ``source``, ``supervisor`` and ``freshness``; everything that opens a camera runs in the child.
Nothing is imported here, because whatever is would be paid for at every start of the child.
"""
