"""An engine together with what renders its input."""
