"""The demo: scenes that need no camera, no GPU, no broker and no face data of ours."""
