"""The composition root: settings become a running gate, and the gate becomes a service."""
