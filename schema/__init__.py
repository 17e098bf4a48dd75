"""The GraphQL side, one file per noun."""
