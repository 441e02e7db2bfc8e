"""A convolutional network reads sentences: does somebody praise or complain?

The sentences are made here, of a few hundred patterns. "not good" is a complaint and "not bad at all" is praise, so it
is not enough to know which words there are: a filter of three words looks at a word and its neighbours, and the maximum
over the sentence asks whether it was found anywhere.

References: Y. Kim, Convolutional neural networks for sentence classification (EMNLP 2014).
"""
import itertools

import numpy as np

import numbacnn
from numbacnn import nn, optim
from numbacnn.data import DataLoader, TensorDataset

THINGS = ["film", "book", "song", "play", "story", "concert", "picture", "meal", "hotel", "museum"]
BEGINNINGS = ["the {} was", "i thought the {} was", "we saw that the {} was", "my friends say the {} is", "this {} is"]
PRAISE, COMPLAINT = ["good", "great", "lovely", "wonderful"], ["bad", "dull", "awful", "boring"]
SENTENCES = ["{}", "really {}", "not {}", "not {} at all", "never {}", "{} , not {}"]
EPOCHS = 15


def sentences():
    """All sentences, each with 1 for praise and 0 for a complaint."""
    for thing, beginning, word, pattern in itertools.product(THINGS, BEGINNINGS, [*PRAISE, *COMPLAINT], SENTENCES):
        good = word in PRAISE
        other = (COMPLAINT if good else PRAISE)[THINGS.index(thing) % 4]
        turned = pattern.startswith(("not", "never"))
        yield f"{beginning.format(thing)} {pattern.format(word, other)}", int(good != turned)


def numbered(texts):
    """Texts as rows of word numbers, 0 behind their end; and the words."""
    words = sorted({word for text in texts for word in text.split()})
    number = {word: n for n, word in enumerate(words, 1)}
    rows = [[number[word] for word in text.split()] for text in texts]
    longest = max(map(len, rows))
    return np.array([row + [0] * (longest - len(row)) for row in rows]), words


class TextCNN(nn.Module):
    """Vectors of words, filters of three words, the maximum of each over the sentence, a dense layer."""

    def __init__(self, words, classes=2, dimensions=16, filters=32):
        super().__init__()
        self.embedding = nn.Embedding(words + 1, dimensions, padding_idx=0)
        self.conv = nn.Conv1d(dimensions, filters, 3, padding=1)
        self.pool = nn.GlobalMaxPool1d()
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(filters, classes)

    def forward(self, x):
        vectors = self.embedding(x).transpose(1, 2)      # (N, L, D) becomes (N, D, L)
        found = self.pool(nn.functional.relu(self.conv(vectors)))
        return self.head(self.dropout(found.flatten(1)))


def main():
    """Train on most of the sentences, and read the others."""
    numbacnn.manual_seed(0)
    texts, labels = zip(*sentences(), strict=True)
    rows, words = numbered(texts)
    labels, order = np.array(labels), np.random.default_rng(0).permutation(len(texts))
    seen, unseen = order[len(texts) // 4:], order[:len(texts) // 4]
    print(f"{len(texts)} sentences of {len(words)} words; {len(seen)} to train on")
    model = TextCNN(len(words))
    optimizer, criterion = optim.Adam(model.parameters(), lr=0.01), nn.CrossEntropyLoss()
    loader = DataLoader(TensorDataset(rows[seen], labels[seen]), batch_size=64, shuffle=True)
    for epoch in range(EPOCHS):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
        if epoch % 5 == 4:
            print(f"epoch {epoch + 1}: loss {total / len(seen):.4f}")
    model.eval()
    with numbacnn.no_grad():
        said = model(numbacnn.tensor(rows[unseen])).numpy().argmax(1)
    print(f"right for {(said == labels[unseen]).mean():.1%} of {len(unseen)} sentences it has not seen, such as")
    for which, answer in zip(unseen[:5], said, strict=False):
        print(f"  {'praise' if answer else 'complaint':10} {texts[which]}")


if __name__ == "__main__":
    main()
