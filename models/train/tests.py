"""What the training must not get wrong silently."""
import dataclasses
import random
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from scipy import ndimage

from . import ablation, anatomy, begin, beside, classes, confidence, config, curve, evaluate, export, fields, generator, labels, loop, network, robustness, shape, space

HEADS = '''
[[heads]]
name = "a"
person = "{0}"
role = "train"

[[heads]]
name = "b"
person = "{1}"
role = "{2}"
'''


def configured(text):
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(text)
        file.flush()
        return config.read(file.name)


class Configuration(unittest.TestCase):
    def test_a_person_is_trained_on_or_held_out(self):
        self.assertEqual(len(configured(HEADS.format("p", "q", "test")).heads), 2)
        with self.assertRaisesRegex(SystemExit, "`p` is trained on and held out"):
            configured(HEADS.format("p", "p", "watch"))

    def test_unknown_settings_are_errors(self):
        with self.assertRaisesRegex(SystemExit, "stepps"):
            configured("stepps = 3")
        with self.assertRaisesRegex(SystemExit, "berd"):
            configured("[chances]\nberd = 0.5")

    def test_a_chance_is_a_share(self):
        self.assertEqual(configured("[chances]\nbeard = 0.5").chances.beard, 0.5)
        with self.assertRaisesRegex(SystemExit, "`beard` is 7"):
            configured("[chances]\nbeard = 7")

    def test_the_doubtful_scan_is_not_trained_on(self):
        full = config.read(Path(__file__).parent / "full.toml")
        kept = {h.person for h in full.heads if h.role == "train"}
        self.assertNotIn("chris", kept)
        self.assertFalse([h.name for h in full.heads if "evaluation_only" in h.name and h.role == "train"])


class Anatomy(unittest.TestCase):
    """What changes a head may change no more of it than it says."""

    def setUp(self):
        random.seed(3)
        torch.manual_seed(3)
        shape = (40, 48, 48)
        at = fields.index(shape) - fields.point([20, 20, 24])
        away = at.square().sum(0).sqrt()
        self.found = torch.full(shape, classes.OTHER, dtype=torch.uint8)
        self.found[away > 17] = classes.BACKGROUND
        self.found[away < 12] = classes.BRAIN
        self.found[(away < 17) & (at[1] > 12)] = classes.CHEEKS
        self.found[(away < 17) & (at[0].abs() > 13)] = classes.EARS
        self.x = self.found / 12 + 0.1

    def test_an_open_skull_is_neither_brain_nor_relabelled(self):
        x = anatomy.open_skull(self.x, self.found)
        changed = x != self.x
        self.assertTrue(changed.any())
        self.assertFalse((changed & (self.found == classes.BRAIN)).any())

    def test_a_missing_ear_is_air_in_image_and_labels(self):
        x, found = anatomy.no_ear(self.x, self.found)
        gone = found != self.found
        self.assertTrue(gone.any())
        self.assertTrue((self.found[gone] == classes.EARS).all())
        self.assertTrue((x[gone] == self.x[0, 0, 0]).all())
        self.assertTrue(torch.equal(x[~gone], self.x[~gone]))

    def test_a_beard_grows_in_the_air_alone(self):
        changed = anatomy.beard(self.x, self.found) != self.x
        self.assertTrue(changed.any())
        self.assertTrue((self.found[changed] == classes.BACKGROUND).all())


    def test_lesions_lie_in_the_brain(self):
        for _ in range(6):
            changed = anatomy.lesion(self.x, self.found) != self.x
            self.assertTrue(changed.any())
            self.assertTrue((self.found[changed] == classes.BRAIN).all())

    def test_things_beside_the_head_fill_air_alone(self):
        self.found[18:23, 32:38, 14:18] = classes.MOUTH
        self.found[18:23, 32:39, 20:26] = classes.NOSE
        for kind in beside.KINDS:
            changed = torch.zeros(self.x.shape, dtype=torch.bool)
            with mock.patch.dict(beside.KINDS, {kind: 1}, clear=True):
                for _ in range(3):
                    changed |= beside.things(self.x, self.found) != self.x
            with self.subTest(kind.__name__):
                self.assertTrue(changed.any())
                self.assertTrue((self.found[changed] == classes.BACKGROUND).all())
                self.assertTrue((changed & fields.widened(self.found > 0, 1)).any(), "none touches the head")

    def test_what_wraps_around_is_seen_but_has_no_class(self):
        inside, in_the_air = torch.ones(self.x.shape, dtype=torch.bool), False
        head = torch.where(self.found > 0, self.x, 0)
        for _ in range(12):
            x, found, within = generator.wrapped(head, self.found, inside)
            self.assertLess(within.sum(), inside.sum())
            self.assertTrue((x[~within] == 0).all())
            self.assertTrue((found[~within] == 0).all())
            self.assertTrue(torch.equal(found[within], self.found[within]))
            self.assertTrue((x >= head * within).all())
            self.assertGreater(x.sum(), (head * within).sum() + 0.29 * (head * ~within).sum())
            in_the_air |= bool(((x > 0) & (found == 0)).any())
        self.assertTrue(in_the_air)


class Bends(unittest.TestCase):
    """A rounded box of a head at 1.5 mm with eyes, ears, brain, nose, mouth with teeth, and chin."""

    def setUp(self):
        random.seed(4)
        torch.manual_seed(4)

    @classmethod
    def setUpClass(cls):
        extent = (112, 112, 112)
        cls.at = fields.index(extent)
        place = (cls.at - fields.point([(n - 1) / 2 for n in extent])) * labels.MM
        aside = torch.stack([place[0].abs(), place[1], place[2]])
        away = lambda p, *centre: (p - fields.point(centre)).square().sum(0).sqrt()
        box = place.pow(4).sum(0).pow(0.25)
        found = torch.full(extent, classes.OTHER, dtype=torch.uint8)
        in_front = (box > 58) & (place[1] > 20) & (place[0].abs() < 30)
        for part, low, high in ((classes.NOSE, -48, -18), (classes.MOUTH, -62, -48), (classes.CHIN, -90, -62)):
            found[in_front & (place[2] > low) & (place[2] <= high)] = part
        found[away(place, 0, -8, 10) < 64] = classes.BRAIN
        found[away(aside, 78, 0, -16) < 10] = classes.EARS
        found[away(aside, 31, 64, -16) < 11] = classes.EYES
        found[box > 78] = classes.BACKGROUND
        cls.found, cls.x = found, torch.where(found > 0, 0.5, 0.05) + 0.02 * torch.rand(extent)
        cls.teeth = (found == classes.MOUTH) & (box < 63)
        cls.x[cls.teeth] = 1.0
        cls.face = shape.face(found.numpy(), np.ones(extent, bool))

    def bent(self, bend):
        """Intensities and classes after a bend, before and after it has painted."""
        at, place = bend(self.at)
        found = fields.pick(self.found[None].float(), at, "nearest")[0].to(torch.uint8)
        x = fields.pick(self.x[None], at, "nearest")[0]
        return (x, found), bend.painted(x, found, place)

    def heights(self, found, part):
        """Lowest and highest place of a part's front, mm."""
        at = (found == part).nonzero().float()
        up = at[at[:, 1] > at[:, 1].quantile(0.6), 2] * labels.MM
        return float(up.quantile(0.01)), float(up.quantile(0.99))

    def test_a_bend_is_drawn_by_its_chance(self):
        never = dict(infant=0.0, toothless=0.0, open_mouth=0.0)
        self.assertIsNone(shape.bend(config.Chances(**never), self.face))
        for name, kind in (("infant", shape.Infant), ("toothless", shape.Toothless), ("open_mouth", shape.OpenMouth)):
            self.assertIsInstance(shape.bend(config.Chances(**{**never, name: 1.0}), self.face), kind)

    def test_an_infant_has_a_short_face_under_the_same_brain(self):
        bend = shape.Infant(self.face)
        (_, found), _ = self.bent(bend)
        before, after = (self.heights(f, classes.CHIN)[0] - self.heights(f, classes.EYES)[0] for f in (self.found, found))
        self.assertAlmostEqual(after / before, bend.height, delta=0.08)
        top = [(f == classes.BRAIN).any(0).any(0).nonzero().max() for f in (self.found, found)]
        self.assertEqual(*top)

    def test_an_infants_brain_grows_into_the_skull_and_nowhere_else(self):
        bend = shape.Infant(self.face)
        bend.rim = 2
        (x, found), (new_x, new_found) = self.bent(bend)
        grown = new_found != found
        self.assertGreater(grown.sum(), 1000)
        self.assertTrue((new_found[grown] == classes.BRAIN).all())
        self.assertTrue((found[grown] == classes.OTHER).all())
        self.assertTrue(torch.equal(grown, new_x != x))
        kept = np.isin(found.numpy(), (classes.BACKGROUND, *classes.REMOVED))
        self.assertFalse((fields.widened(grown, 2).numpy() & kept).any())

    def test_a_jaw_without_teeth_is_shorter_and_keeps_its_classes(self):
        for air in (False, True):
            bend = shape.Toothless(self.face)
            bend.height, bend.air = 0.8, air
            (x, found), (new_x, new_found) = self.bent(bend)
            self.assertGreater(self.heights(found, classes.CHIN)[0], self.heights(self.found, classes.CHIN)[0] + 3)
            self.assertTrue(torch.equal(found, new_found))
            self.assertGreater((x > 0.9).sum(), 300)
            self.assertLess((new_x > 0.9).sum(), 0.1 * (x > 0.9).sum())
            self.assertFalse(((new_x != x) & ((found == classes.BACKGROUND) | (found == classes.BRAIN))).any())

    def test_an_open_mouth_is_air_within_the_head(self):
        bend = shape.OpenMouth(self.face)
        (x, found), (new_x, new_found) = self.bent(bend)
        self.assertLess(self.heights(found, classes.CHIN)[1], self.heights(self.found, classes.CHIN)[1] - 1.5)
        self.assertTrue(torch.equal(found, new_found))
        gap = new_x != x
        self.assertGreater(gap.sum(), 100)
        self.assertTrue((new_x[gap] < 0.2).all())
        self.assertEqual(set(found[gap].tolist()) - {classes.MOUTH, classes.OTHER, classes.CHIN}, set())

    def test_samples_are_the_same_for_a_seed_and_have_every_kind(self):
        chances = config.Chances(infant=0.3, toothless=0.3, open_mouth=0.3, lesion=0.5, beard=0.5, hardware=0.5, wrapped=0.5)
        settings = config.Config(heads=(config.Head("a", "a", "train"),), negatives=(), grid=(32, 48, 48), chances=chances)
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/a.npz"
            np.savez(file, image=(self.x * 200).byte().numpy(), classes=self.found.numpy(),
                     tissue=(self.found > 0).byte().numpy(), extent=np.ones(self.found.shape, bool))
            first, second, other = (generator.Generator(settings, {"a": file}, seed) for seed in (1, 1, 2))
            drawn = []
            for made, seed in ((first, 1), (second, 1), (other, 2)):
                made.hard = 1.0
                random.seed(seed)
                torch.manual_seed(seed)
                drawn.append([made.draw() for _ in range(6)])
        for (x, found), (x2, found2), (x3, _) in zip(*drawn):
            self.assertTrue(torch.equal(x, x2) and torch.equal(found, found2))
            self.assertFalse(torch.equal(x, x3))
            self.assertTrue(torch.isfinite(x).all())


class Fields(unittest.TestCase):
    def test_a_widened_point_is_a_cube(self):
        for steps in (1, 4):
            point = torch.zeros(12, 14, 3, dtype=torch.bool)
            point[4, 6, 1] = True
            cube = torch.zeros_like(point)
            cube[max(0, 4 - steps):5 + steps, 6 - steps:7 + steps] = True
            self.assertTrue(torch.equal(fields.widened(point, steps)[..., 1], cube[..., 1]))

    def test_a_blur_is_that_of_scipy(self):
        x = torch.rand(14, 16, 18)
        wanted = ndimage.gaussian_filter(x.numpy(), (0.0, 0.7, 1.1), mode="nearest", radius=(0, 2, 3))
        np.testing.assert_allclose(fields.blurred(x, [0.1, 0.7, 1.1]), wanted, atol=1e-5)

    def test_balls_are_cut_at_the_end_of_the_grid(self):
        at = torch.tensor([[0.0, 5, 5], [6, 5, 20]])
        found = fields.stamped((8, 12, 12), at, 2.5)
        near = (fields.index((8, 12, 12)) - fields.point(at[0])).square().sum(0) < 2.5**2
        self.assertTrue(torch.equal(found, near))


class Network(unittest.TestCase):
    def test_blocks_of_classes_are_in_the_order_of_the_logits(self):
        net = network.FaceNet(8, (4, 4), (1, 1), (1,)).eval()
        y = torch.arange(4 * 4 * 4).view(1, 4, 4, 4) % 7
        halved = torch.nn.functional.one_hot(network.halved_classes(y), 8).permute(0, 5, 1, 2, 3, 4)
        net.halved = lambda _: halved.reshape(1, 64, 2, 2, 2)
        self.assertTrue(torch.equal(net(None).argmax(1), y))


    def test_what_is_exported_is_the_network_in_blocks(self):
        torch.manual_seed(1)
        net = network.FaceNet(3, (4, 8), (1, 1), (1,)).eval()
        x = torch.rand(1, 1, 8, 16, 12)
        with torch.no_grad():
            wanted, blocks = net(x)[0].numpy(), network.Flat(net)(x).numpy()
        self.assertEqual(blocks.shape, (4, 24, 8, 6))
        np.testing.assert_allclose(space.whole(blocks), wanted, atol=1e-5)


class Labels(unittest.TestCase):
    def test_twelve_classes_keep_air_brain_and_eyes_and_split_the_mouth(self):
        nine = np.full((60, 60, 60), 8, np.uint8)
        nine[:, 50:], nine[20:40, 10:30, 40:55] = 0, 1
        nine[8:14, 40:48, 30:36] = nine[46:52, 40:48, 30:36] = 2
        nine[0:3, 10:14, 26:32] = nine[57:60, 10:14, 26:32] = 7
        nine[25:35, 44:50, 22:32], nine[20:40, 42:50, 2:22] = 4, 6
        found = labels.twelve(nine, np.ones(nine.shape, bool))
        for old, new in ((0, classes.BACKGROUND), (1, classes.BRAIN), (2, classes.EYES)):
            np.testing.assert_array_equal(nine == old, found == new)
        mouth, chin = (np.argwhere(found == c)[:, 2] for c in (classes.MOUTH, classes.CHIN))
        self.assertGreater(len(mouth), 100)
        self.assertGreater(len(chin), 100)
        self.assertGreater(mouth.mean(), chin.mean())


class Drawn(unittest.TestCase):
    """A ball of a head with eyes, ears and brain, whose skin is drawn as scalp."""

    SHAPE = (96, 112, 112)

    def setUp(self):
        at = np.stack(np.meshgrid(*map(np.arange, self.SHAPE), indexing="ij")) * 2.0 - np.array([95.0, 111, 111])[:, None, None, None]
        aside = np.abs(at) * np.array([1, 0, 0])[:, None, None, None] + at * np.array([0, 1, 1])[:, None, None, None]
        away = lambda p, c: np.sqrt(((p - np.array(c, float)[:, None, None, None]) ** 2).sum(0))
        self.radius = away(at, (0, 0, 0))
        self.found = np.full(self.SHAPE, classes.SCALP, np.uint8)
        self.found[away(at, (0, 0, 8)) < 62] = classes.BRAIN
        self.found[away(aside, (84, 0, -24)) < 16] = classes.EARS
        self.to_eye = away(aside, (31, 70, -24))
        self.found[self.to_eye < 11] = classes.EYES
        self.found[self.radius > 85] = classes.BACKGROUND
        self.inside = np.ones(self.SHAPE, bool)

    def test_a_head_ends_at_the_skin_of_the_image(self):
        values = np.where(self.radius < 85, 100.0, 0.0)
        for labelled in (83, 87):
            found = np.where(self.radius > labelled, classes.BACKGROUND, np.maximum(self.found, classes.BRAIN)).astype(np.uint8)
            on_skin = labels.on_skin(found, values, self.inside, 2.0)
            np.testing.assert_array_equal(on_skin > 0, values > 50)

    def test_a_face_is_drawn_within_its_outline_to_its_depth_and_nowhere_else(self):
        drawn = labels.bounded(self.found, self.inside, 2.0)
        sideways, height = labels._sight(self.found, self.inside, 2.0)
        soft, depth = np.isin(drawn, list(labels.DEPTH_MM)), 85 - self.radius
        self.assertGreater(soft.sum(), 2000)
        self.assertLess(depth[soft].max(), 21.8)
        self.assertLess(height[soft].max(), 43)
        # What lies behind the lids belongs to the eyes.
        clear = (self.to_eye > 20) & (depth > 0.5) & (depth < 7) & (sideways < 65) & (height > -40) & (height < 34)
        self.assertTrue(soft[clear & (self.found == classes.SCALP)].all())
        for kept in (classes.BRAIN, classes.EYES):
            np.testing.assert_array_equal(drawn == kept, self.found == kept)

    def test_ears_end_at_their_depth(self):
        drawn = labels.bounded(self.found, self.inside, 2.0)
        ears, kept, depth = self.found == classes.EARS, drawn == classes.EARS, 85 - self.radius
        self.assertFalse((kept & ~ears).any())
        self.assertTrue(kept[ears & (depth < labels.EAR_DEPTH_MM - 1.8)].all())
        self.assertFalse(kept[depth > labels.EAR_DEPTH_MM + 1.8].any())
        self.assertTrue((drawn[ears & ~kept] == classes.OTHER).all())
        self.assertGreater((ears & ~kept).sum(), 100)

    def test_an_ear_that_the_scan_cuts_is_kept_behind_the_end_of_the_scan(self):
        self.inside[:12], self.inside[-12:] = False, False
        self.assertIsNotNone(labels.level(self.found, self.inside, 2.0))
        drawn = labels.bounded(self.found, self.inside, 2.0)
        ears = (self.found == classes.EARS) & self.inside
        self.assertGreater(ears.sum(), 100)
        self.assertTrue((drawn[ears] == classes.EARS).all())

    def test_of_what_is_drawn_only_skin_lies_at_the_brain(self):
        self.found[(self.radius < 79) & (self.found == classes.SCALP)] = classes.BRAIN
        drawn = labels.bounded(self.found, self.inside, 2.0)
        soft = np.isin(drawn, list(labels.DEPTH_MM))
        at_brain = ndimage.distance_transform_edt(self.found != classes.BRAIN) * 2.0 < labels.FACE_TO_BRAIN_MM
        depth = ndimage.distance_transform_edt(self.found > 0) * 2.0
        self.assertGreater((soft & at_brain).sum(), 500)
        self.assertLessEqual(depth[soft & at_brain].max(), labels.FACE_TO_BRAIN_MM)
        self.assertGreater((soft & ~at_brain).sum(), 500)

    def test_labels_drawn_on_a_grid_are_those_of_a_finer_one(self):
        """What is drawn at 1.5 mm and sampled, and then drawn anew, is what is drawn at once."""
        values, affine = np.where(self.radius < 85, 100.0, 0.0).astype(np.float32), np.diag([2.0, 2, 2, 1])
        fine = [int(n * 2 / labels.MM) for n in self.SHAPE]
        at = lambda volume, order: space.sample(volume, affine, np.zeros(3), labels.MM, fine, order)[0]
        known = labels.drawn(at(self.found, 0), at(values, 1), np.ones(fine, bool))
        back = space.sample(known, np.diag([labels.MM] * 3 + [1]), np.zeros(3), 2.0, self.SHAPE, 0)[0]
        drawn = labels.drawn(self.found, values, self.inside, 2.0)
        seen = evaluate.Seen(values, values, self.found, drawn, back, self.inside)
        as_given, anew = (evaluate.score(drawn, truth, self.inside)["dice"]["face"] for truth in (back, seen.known_on_skin()))
        self.assertLess(as_given, 0.97)
        self.assertGreater(anew, 0.985)

    def test_a_small_head_is_seen_from_nearer(self):
        middle, _, size = labels.level(self.found, self.inside, 2.0)
        _, _, small = labels.level(self.found, self.inside, 1.4)
        self.assertEqual(size, 1.0)
        self.assertAlmostEqual(small, 62 * 0.7 / labels.GROWN_APART_MM, delta=0.02)

    def test_what_has_no_eyes_stays_as_it_was_found(self):
        blind = np.where(self.found == classes.EYES, classes.OTHER, self.found)
        np.testing.assert_array_equal(labels.bounded(blind, self.inside, 2.0), blind)


class Begun(unittest.TestCase):
    def test_a_network_begins_with_what_an_exported_one_gives(self):
        settings = config.Config(heads=(), negatives=(), channels=(4, 6, 8, 8), grid=(32, 32, 32))
        torch.manual_seed(1)
        first, second = loop.network(settings), loop.network(settings)
        for block in first.modules():
            if isinstance(block, torch.nn.BatchNorm3d):
                block.running_mean.normal_()
                block.running_var.uniform_(0.5, 2)
        images = [torch.rand(1, 32, 32, 32) for _ in range(2)]
        with tempfile.TemporaryDirectory() as folder:
            torch.save({"average": first.state_dict()}, f"{folder}/checkpoint.pt")
            export.export(settings, f"{folder}/checkpoint.pt", f"{folder}/net.onnx")
            begin.begin(second, f"{folder}/net.onnx", images)
        with torch.no_grad():
            wanted, found = (net.eval()(images[0][None]) for net in (first, second))
        self.assertLess((wanted - found).abs().max(), 1e-4)


class Space(unittest.TestCase):
    def test_a_ramp_is_sampled_exactly(self):
        values = np.arange(8 * 9 * 10, dtype=np.float32).reshape(8, 9, 10)
        affine = np.diag([-2.0, 2.0, 3.0, 1.0])
        affine[:3, 3] = [14, 0, 0]
        found, inside = space.sample(values, affine, np.array([2.0, 4.0, 6.0]), 2.0, (4, 4, 4))
        i, j, k = np.meshgrid(6 - np.arange(4), 2 + np.arange(4), 2 + np.arange(4) * 2 / 3, indexing="ij")
        np.testing.assert_allclose(found, 90 * i + 10 * j + k, rtol=1e-6)
        self.assertTrue(inside.all())


class Scores(unittest.TestCase):
    def test_a_missed_face_is_seen(self):
        known = np.zeros((20, 20, 20), np.uint8)
        known[4:16, 4:16, 4:16] = classes.CHEEKS
        extent = np.ones(known.shape, bool)
        self.assertEqual(evaluate.score(known, known, extent)["surface_recall"], 1.0)
        half = known.copy()
        half[:8] = 0
        self.assertLess(evaluate.score(half, known, extent)["surface_recall"], 0.9)
        none = np.zeros_like(known)
        self.assertEqual(evaluate.score(none, known, extent)["surface_recall"], 0.0)


class Robustness(unittest.TestCase):
    """A change moves no anatomy but the one it is meant to move."""

    def setUp(self):
        self.affine = np.diag([-2.0, 2.0, 3.0, 1.0])
        self.affine[:3, 3] = [14, -5, 7]
        self.values = self.ramp((8, 9, 10), self.affine)

    @staticmethod
    def ramp(shape, affine):
        index = np.stack(np.meshgrid(*map(np.arange, shape), np.ones(1), indexing="ij"))[:, ..., 0]
        return np.tensordot(np.array([1.0, 10, 100, 0]) @ affine, index, 1)

    def test_thick_slices_and_cuts_lie_where_they_were(self):
        for axis in range(3):
            for change in (robustness.thick(axis, 3), robustness.cut(axis, True, 0.3), robustness.cut(axis, False, 0.3)):
                values, affine = change(self.values, self.affine)
                self.assertLess(values.shape[axis], self.values.shape[axis])
                np.testing.assert_allclose(values, self.ramp(values.shape, affine))

    def test_a_head_is_turned_and_scaled_about_its_middle(self):
        middle = np.append((np.array(self.values.shape) - 1) / 2, 1)
        for change in (robustness.turned(0, 30), robustness.turned(2, -45), robustness.scaled(0.7)):
            values, affine = change(self.values, self.affine)
            self.assertIs(values, self.values)
            self.assertGreater(np.abs(affine - self.affine).max(), 0.1)
            np.testing.assert_allclose(affine @ middle, self.affine @ middle)


class Confidence(unittest.TestCase):
    def test_a_temperature_makes_too_sure_logits_right(self):
        random_ = np.random.default_rng(1)
        true = random_.normal(size=(12, 20000)) * 2
        p = confidence.probabilities(true, 1.0)
        known = (p.cumsum(0) > random_.random(20000)).argmax(0)
        found = min(confidence.TRIED, key=lambda t: confidence.likeliness(2 * true, known, t))
        self.assertAlmostEqual(found, 2.0, delta=0.1)
        self.assertGreater(confidence.error(2 * true, known, 1.0), 5 * confidence.error(2 * true, known, 2.0))


class Ablation(unittest.TestCase):
    def test_every_kind_of_sample_belongs_to_one_family_and_a_run_leaves_out_its_own_alone(self):
        settings = config.Config(heads=(), negatives=())
        names = [name for family in ablation.FAMILIES.values() for name in family]
        self.assertEqual(sorted(names), sorted(f.name for f in dataclasses.fields(config.Chances)))
        for family, left_out in ablation.FAMILIES.items():
            chances = dataclasses.asdict(ablation.without(settings, family).chances)
            usual = dataclasses.asdict(settings.chances)
            self.assertEqual({k for k, v in chances.items() if v != usual[k]}, set(left_out))
            self.assertEqual({chances[k] for k in left_out} - {0.0}, set())

    def test_what_is_left_out_is_not_drawn(self):
        made = generator.Generator(config.Config(heads=(), negatives=(), grid=(24, 24, 24)), {}, 1)
        made.hard = 1.0
        made.chances = dataclasses.replace(made.chances, warped=0.0)
        at = made._positions((30, 30, 30))
        turns = at[:, 1:] - at[:, :-1]
        self.assertLess((turns - turns[:, :1]).abs().max(), 1e-4, "an affine has the same step everywhere")
        made.chances = dataclasses.replace(made.chances, shapes=1.0, wrapped=0.0, errors=0.0)
        with mock.patch.object(made, "_errors", side_effect=AssertionError):
            made.draw()


class Curve(unittest.TestCase):
    def test_losses_and_watched_heads_are_read_by_step(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("9 s\tstep 20\tloss 1.5\trate 0.1\nwatch\ta/b\tbrain 0.90 nose 0.10 FACE 0.50\n")
            file.flush()
            self.assertEqual(curve.read([file.name]), ({20: 1.5}, {"b": {20: (0.9, 0.5)}}))


if __name__ == "__main__":
    unittest.main()
