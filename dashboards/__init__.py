"""What a person looks at, and the JSON API: pages, figures, and who may see them."""
