"""Evidence + limits + now -> verdict. Pure: no I/O, no clock, no randomness. The only place where a grant is made."""
