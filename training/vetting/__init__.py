"""Looks at every picture with frozen models before a person does, and says what is odd about it."""
