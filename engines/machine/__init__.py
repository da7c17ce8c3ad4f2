"""What the machine is that engines run on, read from files and a few programs; nothing of it is changed here."""
