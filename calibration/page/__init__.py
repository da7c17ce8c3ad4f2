"""What pages of figures are made of: text that is nothing but text, tables, diagrams, the style."""
