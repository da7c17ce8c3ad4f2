"""Evidence of attacks on people of split A, for the learned head: numbers and names of attacks, and nothing else."""
