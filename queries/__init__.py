"""The one door to ClickHouse: the store, the schema, and every question as a readable `.sql` file."""
