"""The parts of the example that goes along with an export; `example_text` puts three of them into one file.

`preparing` comes first, then a module a runtime, then `checking`. A line that ends with `# fit: crop` is kept where
`data.fit` is `crop`, others always. None of them can be run as it stands: they look for `contract.json` beside them.
"""
