"""Numbers learned from trusted data: score sets, operating points, evaluation."""
