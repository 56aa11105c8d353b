"""Facts (事实): the typed things to know about a person or household, with the question that asks for each."""
