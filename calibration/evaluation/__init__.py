"""What the gate does with people that no number was fitted on."""
