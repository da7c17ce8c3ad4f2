"""The reference consumer: reads the events of gates and believes only what a gate signed, in full and once.

``reader`` judges single messages, ``gaps`` asks for what is missing, ``door`` says what may open, ``memory`` keeps it
over a restart. It may be copied: it needs ``edge.messaging.verification`` and ``edge.trust.signing``, no broker.
"""
