"""One way of being suspicious a file. Every screen gives each picture a number; higher = more suspect."""
