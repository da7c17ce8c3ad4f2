"""One frame, one face and a list of views become one engine input batch."""
