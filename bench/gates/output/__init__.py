"""A judgement as text, Markdown, JSON, JUnit, annotations and a drawn forest: the output that all gates share."""
