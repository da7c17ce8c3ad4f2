"""Attackers who only ask: what the gate or a model answers is all they have, and every question is counted."""
