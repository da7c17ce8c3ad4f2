"""Fuzzing of every parser that an outsider reaches. Inputs are mutated, and kept when they reach new lines of code.

A target must end in an answer or in a fault that it declares, within bounded time and memory, and must never
believe what nobody signed.
"""
