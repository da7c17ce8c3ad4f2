"""What an engine is: published weights fetched, converted, proven and served."""
