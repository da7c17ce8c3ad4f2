"""What a granted verdict moves."""
