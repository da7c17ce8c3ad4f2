"""Who may do what with the data, and what needs two people."""
