"""Who is it: embeddings, gallery search and score fusion."""
