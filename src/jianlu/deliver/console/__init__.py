"""The console: the pages of agents, customers and reviewers, in Chinese and English, over the same use cases as the API."""
