"""How the page looks: in fonts of the system, so that none is fetched, and in Gradio's light or dark colours."""

FONTS = ("system-ui", "Segoe UI", "Roboto", "DejaVu Sans", "sans-serif")
MONOSPACED = ("ui-monospace", "DejaVu Sans Mono", "monospace")

CSS = """
.gradio-container { max-width: 1280px !important; }
.hint, .empty, .waiting, .scores, .card .name, #head p { color: var(--body-text-color); opacity: .72; }
#head h1 { font-size: 1.5rem; margin: .2rem 0; }
#head p, .hint { margin: 0; }
h2.group { font-size: 1rem; font-weight: 600; margin: .4rem 0 0; }
.html-container { padding: 0 !important; }
.examples .grid-wrap { min-height: 0; max-height: none; padding: 0; }
.examples .caption-label { font-size: .75rem; }
.empty { padding: 3rem 1rem; text-align: center; border: 1px dashed var(--border-color-primary); border-radius: 8px; }
.refused { border: 1px solid #b3261e; border-left-width: 6px; border-radius: 8px; padding: .6rem 1rem;
  margin-bottom: 1rem; }
.refused p { margin: 0; font-weight: 600; }
.refused ul { margin: .3rem 0 0; padding-left: 1.2rem; overflow-wrap: anywhere; }
.card { display: grid; grid-template-columns: 170px 1fr; gap: .8rem 1.2rem; padding: 1rem; margin-bottom: 1rem;
  border: 1px solid var(--border-color-primary); border-radius: 8px; background: var(--block-background-fill); }
.card img { width: 100%; border-radius: 4px; display: block; }
.card img[src^="data:image/png"] { image-rendering: pixelated; }
.card .name { font-size: .8rem; margin: .3rem 0 0; overflow-wrap: anywhere; }
.card .verdict { margin: 0; font-size: 1.4rem; font-weight: 650; overflow-wrap: anywhere; }
.card.sure .verdict { color: #117733; }
.card.unsure .verdict { color: #8a5a00; }
.card.unlike .verdict, .differs .vote { color: #a0285a; }
.dark .card.sure .verdict { color: #5fc98a; }
.dark .card.unsure .verdict { color: #e3b341; }
.dark .card.unlike .verdict, .dark .differs .vote { color: #f28cb8; }
.card .why { margin: .2rem 0 .6rem; }
.bars { display: grid; grid-template-columns: minmax(3rem, max-content) 1fr; gap: .35rem .8rem; margin: 0;
  align-items: center; }
.bars dt { font-weight: 500; overflow-wrap: anywhere; }
.bars dd { margin: 0; display: flex; align-items: center; gap: .6rem; }
.track { flex: 1; height: .8rem; border-radius: 4px; background: var(--border-color-primary); overflow: hidden; }
.bar { display: block; height: 100%; background: #4477aa; }
.number { min-width: 4.5rem; text-align: right; font-variant-numeric: tabular-nums; }
.members { grid-column: 1 / -1; display: grid; grid-template-columns: repeat(auto-fill, minmax(140px, 1fr));
  gap: .4rem .8rem; }
.members .legend, .members .waiting { grid-column: 1 / -1; margin: 0; font-weight: 500; }
.members figure { margin: 0; }
.members figcaption { font-size: .82rem; margin-top: .3rem; overflow-wrap: anywhere; }
.members figcaption span { display: block; }
.differs .vote { font-weight: 600; }
#threshold { padding: 1rem; border: 1px solid var(--border-color-primary); border-radius: 8px; }
.line { display: flex; gap: 1.2rem; align-items: center; margin: .8rem 0 1.2rem; font-weight: 500; }
.axis { position: relative; flex: 1; height: 2px; background: var(--body-text-color); }
.cut { position: absolute; z-index: 1; top: -16px; height: 34px; border-left: 3px solid #ee7733;
  transform: translateX(-50%); }
.dot { position: absolute; top: -10px; width: 22px; height: 22px; line-height: 22px; border-radius: 50%;
  text-align: center; font-size: .75rem; color: white; background: #4477aa; transform: translateX(-50%); }
.called { margin: 0; padding-left: 1.6rem; list-style: decimal; overflow-wrap: anywhere; }
.scores { margin: .5rem 0 0; }
@media (max-width: 560px) { .card { grid-template-columns: 1fr; } .card .photo { max-width: 220px; } }
"""
