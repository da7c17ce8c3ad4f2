"""Pictures of people, found in folders, read as the gate would and embedded once."""
