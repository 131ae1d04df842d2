import torch

from nightrec.softmax import draw_negatives, sampled_softmax


def test_all_items_as_negatives_give_the_full_softmax():
    torch.manual_seed(0)
    users, table = torch.randn(4, 3), torch.randn(5, 3)
    target = torch.tensor([0, 1, 4, 2])
    loss = sampled_softmax(users, table[target], target, table, torch.arange(5), torch.ones(4), 5)
    torch.testing.assert_close(loss, torch.nn.functional.cross_entropy(users @ table.T, target))


def test_a_sample_stands_for_all_items():
    # All scores 0: the true loss is ln(1 + 9 others); 3 of them drawn, each standing for 10 / 3 items.
    zeros = torch.zeros(1, 2)
    loss = sampled_softmax(
        zeros, zeros, torch.tensor([0]), torch.zeros(3, 2), torch.tensor([1, 2, 3]), torch.ones(1), 10
    )
    torch.testing.assert_close(loss, torch.tensor(11.0).log())


def test_targets_count_by_weight():
    users, table = torch.tensor([[1.0], [1.0]]), torch.tensor([[0.0], [2.0]])
    target = torch.tensor([0, 1])
    one = [
        sampled_softmax(
            users[i : i + 1], table[target[i : i + 1]], target[i : i + 1], table, torch.arange(2), torch.ones(1), 2
        )
        for i in range(2)
    ]
    both = sampled_softmax(users, table[target], target, table, torch.arange(2), torch.tensor([3.0, 1.0]), 2)
    torch.testing.assert_close(both, (3 * one[0] + one[1]) / 4)


def test_few_items_are_all_negatives():
    generator = torch.Generator().manual_seed(0)
    assert draw_negatives(8, 4, generator).tolist() == list(range(8))
    assert len(draw_negatives(100, 4, generator)) == 4
