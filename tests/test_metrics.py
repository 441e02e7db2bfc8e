"""Metrics beside scikit-learn's, and what they are by hand."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import numbacnn
from numbacnn import metrics
from numbacnn.errors import DTypeError, ShapeError

fewer = settings(max_examples=40, deadline=None)        # scikit-learn takes its time
NAMES = {"precision": "precision_score", "recall": "recall_score", "f1_score": "f1_score"}


@pytest.fixture(scope="module")
def sklearn():
    return pytest.importorskip("sklearn.metrics")


@st.composite
def labels_of_two(draw):
    """Predicted and right labels, and how many classes there may be."""
    classes = draw(st.integers(1, 6))
    pairs = draw(st.lists(st.tuples(*[st.integers(0, classes - 1)] * 2), min_size=1, max_size=30))
    return *np.array(pairs).T, classes


def same(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=0)     # nan equals nan


@pytest.mark.filterwarnings("ignore:A single label was found")
@fewer
@given(data=labels_of_two())
def test_accuracy_and_confusion(sklearn, data):
    predicted, right, classes = data
    same(metrics.accuracy(predicted, right), sklearn.accuracy_score(right, predicted))
    assert metrics.accuracy(predicted, right, normalize=False) == (predicted == right).sum()
    for labels in (None, range(classes), [int(right[0]), 99]):
        for normalize in (None, "true", "pred", "all"):
            same(metrics.confusion_matrix(predicted, right, labels, normalize),
                 sklearn.confusion_matrix(right, predicted, labels=labels, normalize=normalize))


@pytest.mark.parametrize("name", NAMES)
@fewer
@given(data=labels_of_two(), average=st.sampled_from(["micro", "macro", "weighted", None, "binary"]),
       zero_division=st.sampled_from([0.0, 1.0, np.nan]), restricted=st.booleans())
def test_averages(sklearn, name, data, average, zero_division, restricted):
    predicted, right, classes = data
    options = {"average": average, "zero_division": zero_division,
               "labels": [int(right[0]), 99, classes - 1] if restricted and right[0] < classes - 1 else None}
    if average == "binary" and (len(found := {*predicted, *right}) > 2 or (len(found) == 2 and 1 not in found)):
        with pytest.raises(ShapeError, match=f"^{name}: (average='binary' takes two|pos_label must be one)"):
            getattr(metrics, name)(predicted, right, **options)
    else:
        same(getattr(metrics, name)(predicted, right, **options),
             getattr(sklearn, NAMES[name])(right, predicted, **options))


@given(data=labels_of_two(), average=st.sampled_from(["micro", "macro", "weighted", None]),
       zero_division=st.sampled_from([0.0, 1.0, np.nan]), cut=st.integers(1, 29))
def test_counting_batch_by_batch_is_counting_at_once(data, average, zero_division, cut):
    predicted, right, classes = data
    confusion, correct = metrics.ConfusionMatrix(classes), metrics.Accuracy()
    for part in (slice(0, cut), slice(cut, None)):
        if len(right[part]):
            confusion.update(predicted[part], right[part])
            correct.update(predicted[part], right[part])
    assert confusion.matrix.tolist() == metrics.confusion_matrix(predicted, right, range(classes)).tolist()
    assert correct.compute() == pytest.approx(confusion.accuracy()) == pytest.approx(metrics.accuracy(predicted, right))
    options = {"average": average, "zero_division": zero_division}
    for name in NAMES:
        same(getattr(confusion, name)(**options),
             getattr(metrics, name)(predicted, right, labels=range(classes), **options))


@fewer
@given(scores=st.lists(st.integers(0, 4), min_size=2, max_size=30), data=st.data())
def test_area_of_two_classes(sklearn, scores, data):
    right = data.draw(st.lists(st.integers(3, 4), min_size=len(scores), max_size=len(scores)))
    right[:2] = 3, 4
    same(metrics.roc_auc(np.array(scores, np.float32), right), sklearn.roc_auc_score(right, scores))
    two = np.stack([-np.array(scores), scores], axis=1)
    same(metrics.roc_auc(two, right), sklearn.roc_auc_score(right, scores))


@fewer
@given(seed=st.integers(0, 10_000), classes=st.integers(3, 5), count=st.integers(0, 20))
def test_area_of_more_classes(sklearn, seed, classes, count):
    rng = np.random.default_rng(seed)
    right = np.concatenate([np.arange(classes), rng.integers(0, classes, count)])
    scores = rng.integers(1, 5, (len(right), classes)).astype(float)
    scores /= scores.sum(axis=1, keepdims=True)
    for multi_class, averages in (("ovr", ("macro", "weighted", "micro", None)), ("ovo", ("macro", "weighted"))):
        for average in averages:
            options = {"multi_class": multi_class, "average": average}
            same(metrics.roc_auc(scores, right, **options), sklearn.roc_auc_score(right, scores, **options))


@fewer
@given(seed=st.integers(0, 10_000), classes=st.integers(4, 7), k=st.integers(1, 3))
def test_top_k(sklearn, seed, classes, k):
    rng = np.random.default_rng(seed)
    scores, right = rng.normal(size=(20, classes)), rng.integers(0, classes, 20)
    same(metrics.top_k_accuracy(scores, right, k),
         sklearn.top_k_accuracy_score(right, scores, k=k, labels=range(classes)))
    running = metrics.Accuracy(k)
    running.update(scores[:7], right[:7])
    running.update(scores[7:], right[7:])
    assert running.compute() == metrics.top_k_accuracy(scores, right, k)


def test_of_equal_scores_the_first_wins():
    scores = np.zeros((3, 3))
    assert metrics.top_k_accuracy(scores, [0, 1, 2], 1) == metrics.accuracy(scores, [0, 1, 2]) == 1 / 3
    assert metrics.top_k_accuracy(scores, [0, 1, 2], 2) == 2 / 3


def test_tensors_scores_and_images_of_labels():
    scores = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)
    right = scores.argmax(axis=1)
    right[0, 0, 0] = (right[0, 0, 0] + 1) % 3
    tensors = numbacnn.tensor(scores), numbacnn.tensor(right)
    assert metrics.accuracy(*tensors) == metrics.accuracy(scores, right) == 39 / 40
    assert metrics.top_k_accuracy(*tensors, k=3) == 1
    assert metrics.confusion_matrix(*tensors).shape == (3, 3)
    assert metrics.confusion_matrix(np.eye(4)[[0]], [0]).shape == (4, 4)     # as many classes as there are scores
    assert metrics.accuracy(np.array([True, False]), [1, 1]) == 0.5
    assert metrics.accuracy([2**40, 3], np.array([2**40, -3])) == 0.5


def test_running_metrics_forget_and_describe_themselves():
    correct, confusion = metrics.Accuracy(), metrics.ConfusionMatrix(2)
    for metric in (correct, confusion):
        metric.update([0, 1], [1, 1])
    assert repr(correct) == "Accuracy(k=1, 1 of 2)" and repr(confusion) == "ConfusionMatrix(2 classes, 2 samples)"
    for metric in (correct, confusion):
        metric.reset()
    with pytest.raises(ShapeError, match=r"^Accuracy: compute\(\) needs at least one update"):
        correct.compute()
    with pytest.raises(ShapeError, match=r"^ConfusionMatrix: scores need at least one update"):
        confusion.accuracy()


ONE = np.array([0, 1, 1])
SCORES = np.array([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5], [0.1, 0.8, 0.1]])


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: metrics.accuracy([], []), ShapeError, r"accuracy: targets must hold at least one label, got shape \(0,\)"),
    (lambda: metrics.accuracy(1, 1), ShapeError, r"accuracy: targets must hold .* got shape \(\)"),
    (lambda: metrics.accuracy(ONE, ["a", "b", "c"]), DTypeError, "targets must be a tensor, .* got list of <U1"),
    (lambda: metrics.accuracy(ONE, SCORES), DTypeError, "targets must be integer labels, got float64; targets come"),
    (lambda: metrics.accuracy(ONE, None), DTypeError, "targets must be .* got NoneType of object"),
    (lambda: metrics.accuracy([[1], [1, 2]], [1, 2]), ShapeError, "predictions must have the same number of elements"),
    (lambda: metrics.accuracy(ONE[:2], ONE), ShapeError, r"got predictions\(2,\) of int64, targets\(3,\)"),
    (lambda: metrics.accuracy(np.eye(3, dtype=int), ONE), ShapeError, r"scores \(N, C\) must be floating point"),
    (lambda: metrics.accuracy(ONE * 0.3, ONE), DTypeError, r"for two classes pass \(predictions > 0\), or 0.5"),
    (lambda: metrics.accuracy(SCORES[:2], ONE), ShapeError, r"got predictions\(2, 3\), targets\(3,\)"),
    (lambda: metrics.accuracy(SCORES[:, :0], ONE), ShapeError, r"got predictions\(3, 0\)"),
    (lambda: metrics.accuracy(SCORES, [0, 1, 3]), ShapeError, "must be 0 to 2 for scores of 3 classes, got 0 to 3"),
    (lambda: metrics.accuracy(SCORES, [0, -1, 1]), ShapeError, "must be 0 to 2 for scores of 3 classes, got -1 to 1"),
    (lambda: metrics.accuracy(SCORES * np.nan, ONE), ShapeError, "must not be NaN, got 9 of 9, the first in row 0"),
    (lambda: metrics.accuracy(ONE, ONE, normalize="yes"), DTypeError, "normalize must be True or False, got 'yes'"),
    (lambda: metrics.accuracy(ONE * 1j, ONE), DTypeError, "predictions must be .* got ndarray of complex128"),
    (lambda: metrics.top_k_accuracy(SCORES, ONE, 0), ShapeError, "k must be at least 1, got 0"),
    (lambda: metrics.top_k_accuracy(SCORES, ONE, 4), ShapeError, "k must be at most the 3 classes, got 4"),
    (lambda: metrics.top_k_accuracy(SCORES, ONE, 1.5), DTypeError, "k must be an integer, got 1.5"),
    (lambda: metrics.top_k_accuracy(ONE, ONE), ShapeError, r"scores must be \(N, C, ...\) for targets \(N, ...\)"),
    (lambda: metrics.confusion_matrix(ONE, ONE, normalize="rows"), ShapeError,
     "normalize must be one of 'true', 'pred', 'all', None, got 'rows'"),
    (lambda: metrics.confusion_matrix(ONE, ONE, labels=[]), DTypeError, r"labels must be a sequence of integers, got"),
    (lambda: metrics.confusion_matrix(ONE, ONE, labels=3), DTypeError, r"labels must be a sequence of integers, got 3"),
    (lambda: metrics.confusion_matrix(ONE, ONE, labels=[1, 1]), ShapeError, r"labels must differ, got \[1, 1\]"),
    (lambda: metrics.precision(ONE, ONE, average="samples"), ShapeError, "average must be one of 'binary', 'micro'"),
    (lambda: metrics.recall(ONE, ONE, zero_division=0.5), ShapeError, "zero_division must be 0, 1 or nan, got 0.5"),
    (lambda: metrics.recall(ONE, ONE, zero_division="warn"), ShapeError, "zero_division must .* got 'warn'"),
    (lambda: metrics.f1_score(ONE, ONE, pos_label=2), ShapeError, r"must be one of the labels \[0, 1\], got 2"),
    (lambda: metrics.f1_score(ONE, ONE, pos_label="b"), DTypeError, "pos_label must be an integer, got 'b'"),
    (lambda: metrics.f1_score([0, 1, 2], [0, 1, 2]), ShapeError, "takes two classes, got 3; choose average='macro'"),
    (lambda: metrics.roc_auc(ONE, [1, 1, 1]), ShapeError, r"targets must hold two classes .*, got labels \[1\]"),
    (lambda: metrics.roc_auc(ONE, [0, 1, 2]), ShapeError, r"got labels \[0, 1, 2\]; more classes need scores \(N, C\)"),
    (lambda: metrics.roc_auc(ONE[:2], ONE), ShapeError, r"score for each target, got predictions\(2,\), targets\(3"),
    (lambda: metrics.roc_auc([0.1, np.nan, 1], ONE), ShapeError, "scores must not be NaN, got 1 of 3"),
    (lambda: metrics.roc_auc(SCORES * 2, [0, 1, 2]), ShapeError, "rows add up to 1, got .* sum 2, .*; apply softmax"),
    (lambda: metrics.roc_auc(SCORES, ONE), ShapeError, "every class must occur in targets, got none of 2"),
    (lambda: metrics.roc_auc(SCORES, [[0], [1], [2]]), ShapeError, r"targets must be \(N,\), got \(3, 1\)"),
    (lambda: metrics.roc_auc(SCORES, [0, 1, 2], multi_class="all"), ShapeError, "multi_class must be one of 'ovr'"),
    (lambda: metrics.roc_auc(SCORES, [0, 1, 2], multi_class="ovo", average=None), ShapeError, "'ovo' takes average="),
    (lambda: metrics.roc_auc(ONE, ONE, average="binary"), ShapeError, "average must be one of 'macro', 'weighted'"),
    (lambda: metrics.Accuracy(0), ShapeError, "Accuracy: k must be at least 1, got 0"),
    (lambda: metrics.ConfusionMatrix(True), DTypeError, "num_classes must be an integer, got True"),
    (lambda: metrics.ConfusionMatrix(2).update(SCORES, ONE), ShapeError, "scores must be of 2 classes, got 3"),
    (lambda: metrics.ConfusionMatrix(2).update([2], [1]), ShapeError, "predictions must be 0 to 1, got 2 to 2"),
    (lambda: metrics.ConfusionMatrix(2).update([1], [-1]), ShapeError, "targets must be 0 to 1, got -1 to -1"),
    (lambda: metrics.ConfusionMatrix(2).recall("binary"), ShapeError, "average must be one of 'micro', 'macro'"),
])
def test_what_metrics_refuse(call, error, text):
    with pytest.raises(error, match=text):
        call()
