"""Inference runtimes behind one role, :class:`engines.runtime.base.Engine`."""
