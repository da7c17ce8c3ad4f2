"""What attackers want, as numbers that can be differentiated: likeness, and likeness past every defense."""
