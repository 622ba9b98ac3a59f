"""From text to the tokens in which phrases are written and heard: toneless pinyin syllables and lower-case words."""
