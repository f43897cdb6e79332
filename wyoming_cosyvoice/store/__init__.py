"""What lies on disk: models, their catalogue and their verification."""
