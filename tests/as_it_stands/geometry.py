"""Geometry: polygons, curves, rotations, meshes, cameras, the Earth."""

import math

import numpy as np
from numpy.linalg import norm
from scipy.interpolate import CubicSpline
from scipy.spatial.distance import cdist

from as_it_stands.cases import case

rng = np.random.default_rng(6)


def polygon_area(vertices):
    n = len(vertices)
    area = 0.0
    for i in range(n):
        j = (i + 1) % n
        area += vertices[i][0] * vertices[j][1]
        area -= vertices[j][0] * vertices[i][1]
    return abs(area) / 2.0


def polygon_centroid(xy):
    x, y = xy.T
    cross = x * np.roll(y, -1) - np.roll(x, -1) * y
    A = cross.sum() / 2
    cx = np.sum((x + np.roll(x, -1)) * cross) / (6 * A)
    cy = np.sum((y + np.roll(y, -1)) * cross) / (6 * A)
    return np.array([cx, cy])


def distance_to_segment(p, a, b):
    ab = b - a
    t = np.dot(p - a, ab) / np.dot(ab, ab)
    if t < 0:
        return norm(p - a)
    if t > 1:
        return norm(p - b)
    return norm(p - (a + t * ab))


def rodrigues(axis_angle, points):
    theta = np.linalg.norm(axis_angle)
    if theta < 1e-12:
        return points
    k = axis_angle / theta
    K = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    R = np.eye(3) + np.sin(theta) * K + (1 - np.cos(theta)) * K @ K
    return points @ R.T


def slerp(q0, q1, t):
    q0 = q0 / np.linalg.norm(q0)
    q1 = q1 / np.linalg.norm(q1)
    dot = np.dot(q0, q1)
    if dot < 0.0:
        q1 = -q1
        dot = -dot
    if dot > 0.9995:
        result = q0 + t * (q1 - q0)
        return result / np.linalg.norm(result)
    theta_0 = np.arccos(np.clip(dot, -1, 1))
    theta = theta_0 * t
    return np.sin(theta_0 - theta) / np.sin(theta_0) * q0 + np.sin(theta) / np.sin(theta_0) * q1


def de_casteljau(control, t):
    beta = [c for c in control]
    n = len(beta)
    for j in range(1, n):
        for k in range(n - j):
            beta[k] = beta[k] * (1 - t) + beta[k + 1] * t
    return beta[0]


def bezier_length(control):
    points = np.array([de_casteljau(control, t) for t in np.linspace(0, 1, 11)])
    return np.sum(np.sqrt(np.sum(np.diff(points, axis=0) ** 2, axis=1)))


def bspline_basis(x, k, i, t):
    if k == 0:
        return 1.0 if t[i] <= x < t[i + 1] else 0.0
    c1 = 0.0 if t[i + k] == t[i] else (x - t[i]) / (t[i + k] - t[i]) * bspline_basis(x, k - 1, i, t)
    c2 = 0.0
    if t[i + k + 1] != t[i + 1]:
        c2 = (t[i + k + 1] - x) / (t[i + k + 1] - t[i + 1]) * bspline_basis(x, k - 1, i + 1, t)
    return c1 + c2


def bspline(x, c, t=(0, 1, 2, 3, 4, 5, 6), k=2):
    n = len(t) - k - 1
    assert (n >= k + 1) and (len(c) >= n)
    return sum(c[i] * bspline_basis(x, k, i, t) for i in range(n))


def haversine(lat1, lon1, lat2, lon2, R=6371.0):
    lat1, lon1, lat2, lon2 = map(math.radians, [lat1, lon1, lat2, lon2])
    a = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * R * math.asin(math.sqrt(a))


def vincenty(lat1, lon1, lat2, lon2, a=6378.137, f=1 / 298.257223563):
    b = (1 - f) * a
    U1, U2 = math.atan((1 - f) * math.tan(lat1)), math.atan((1 - f) * math.tan(lat2))
    L = lon2 - lon1
    lam, lam_prev = L, math.inf
    while abs(lam - lam_prev) > 1e-13:
        sin_sigma = math.hypot(
            math.cos(U2) * math.sin(lam),
            math.cos(U1) * math.sin(U2) - math.sin(U1) * math.cos(U2) * math.cos(lam),
        )
        cos_sigma = math.sin(U1) * math.sin(U2) + math.cos(U1) * math.cos(U2) * math.cos(lam)
        sigma = math.atan2(sin_sigma, cos_sigma)
        sin_alpha = math.cos(U1) * math.cos(U2) * math.sin(lam) / sin_sigma
        cos2 = 1 - sin_alpha**2
        cos_2m = cos_sigma - 2 * math.sin(U1) * math.sin(U2) / cos2
        C = f / 16 * cos2 * (4 + f * (4 - 3 * cos2))
        lam_prev = lam
        lam = L + (1 - C) * f * sin_alpha * (
            sigma + C * sin_sigma * (cos_2m + C * cos_sigma * (2 * cos_2m**2 - 1))
        )
    u2 = cos2 * (a * a - b * b) / (b * b)
    A = 1 + u2 / 16384 * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)))
    B = u2 / 1024 * (256 + u2 * (-128 + u2 * (74 - 47 * u2)))
    d_sigma = B * sin_sigma * (cos_2m + B / 4 * cos_sigma * (2 * cos_2m**2 - 1))
    return b * A * (sigma - d_sigma)


def mesh_volume(vertices, faces):
    volume = 0
    for face in faces:
        a, b, c = vertices[face]
        volume += np.dot(a, np.cross(b, c)) / 6
    return volume


def vertex_normals(vertices, faces):
    tris = vertices[faces]
    n = np.cross(tris[:, 1] - tris[:, 0], tris[:, 2] - tris[:, 0])
    normals = np.zeros(vertices.shape)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], n)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return normals


def laplacian_smoothing(vertices, edges, lam=0.4):
    total = np.zeros_like(vertices)
    degree = np.zeros(len(vertices))
    for i, j in edges:
        total[i] += vertices[j]
        total[j] += vertices[i]
        degree[[i, j]] += 1
    return vertices + lam * (total / degree[:, None] - vertices)


def kabsch_rmsd(P, Q):
    P = P - P.mean(axis=0)
    Q = Q - Q.mean(axis=0)
    U, S, Vt = np.linalg.svd(P.T @ Q)
    d = np.sign(np.linalg.det(U) * np.linalg.det(Vt))
    D = np.diag([1.0, 1.0, d])
    R = U @ D @ Vt
    return np.sqrt(np.sum((P @ R - Q) ** 2) / len(P))


def reprojection_error(camera, points, observed):
    rotation, translation, (f, k1) = camera["rotation"], camera["translation"], camera["intrinsics"]
    in_camera = rodrigues(rotation, points) + translation
    projected = -in_camera[:, :2] / in_camera[:, 2, np.newaxis]
    n = np.sum(projected**2, axis=1)
    projected *= (f * (1 + k1 * n))[:, np.newaxis]
    return np.sum((projected - observed) ** 2)


def closest_points(pose, source, target):
    theta, *shift = pose
    c, s = np.cos(theta), np.sin(theta)
    moved = source @ np.array([[c, -s], [s, c]]).T + np.array(shift)
    error = 0.0
    for p in moved:
        nearest = min(target, key=lambda q: np.sum((p - q) ** 2))
        error += np.sum((p - nearest) ** 2)
    return error


def convex_hull_perimeter(points):
    pts = sorted(points, key=lambda p: (p[0], p[1]))

    def half(pts):
        chain = []
        for p in pts:
            while len(chain) >= 2:
                (ox, oy), (ax, ay) = chain[-2], chain[-1]
                if (ax - ox) * (p[1] - oy) - (ay - oy) * (p[0] - ox) > 0:
                    break
                chain.pop()
            chain.append(p)
        return chain[:-1]

    hull = half(pts) + half(pts[::-1])
    return sum(np.hypot(*(a - b)) for a, b in zip(hull, hull[1:] + hull[:1]))


def bilinear_sample(image, x, y):
    x0, y0 = int(np.floor(x)), int(np.floor(y))
    dx, dy = x - x0, y - y0
    top = (1 - dx) * image[y0, x0] + dx * image[y0, x0 + 1]
    bottom = (1 - dx) * image[y0 + 1, x0] + dx * image[y0 + 1, x0 + 1]
    return (1 - dy) * top + dy * bottom


def arm_reach(angles, *lengths):
    T = np.eye(3)
    for angle, length in zip(angles, lengths):
        c, s = np.cos(angle), np.sin(angle)
        T = T @ np.array([[c, -s, length * c], [s, c, length * s], [0, 0, 1]])
    x, y = T[:2, 2]
    return (x - 1.0) ** 2 + (y - 1.5) ** 2


def scene_distance(p, shapes):
    def sphere(p, centre, radius):
        return norm(p - centre) - radius

    def box(p, half):
        q = np.abs(p) - half
        return norm(np.maximum(q, 0)) + min(np.max(q), 0.0)

    distances = []
    for shape in shapes:
        match shape:
            case {"kind": "sphere", "centre": c, "radius": r}:
                distances.append(sphere(p, c, r))
            case {"kind": "box", "half": h}:
                distances.append(box(p, h))
    return min(distances)


def surface_area(a, b, n=12):
    u = np.linspace(0.05, 1.5, n)
    U, V = np.meshgrid(u, u)
    z = np.sqrt(a * U**2 + b * V**2 + 1)
    zy, zx = np.gradient(z, u, u)
    return np.sum(np.sqrt(1 + zx**2 + zy**2)) * (u[1] - u[0]) ** 2


def triangle_circumradius(a, b, c):
    sides = sorted([norm(a - b), norm(b - c), norm(c - a)])
    s = sum(sides) / 2
    try:
        area = math.sqrt(s * (s - sides[0]) * (s - sides[1]) * (s - sides[2]))
    except ValueError:
        return math.inf
    return math.prod(sides) / (4 * area)


def spline_track(heights, position):
    knots = np.arange(len(heights))
    return CubicSpline(knots, heights)(position)


def energy_of_points(points):
    D = cdist(points, points) + np.eye(len(points))
    return np.sum(1 / D[np.triu_indices(len(points), 1)])


cube = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]) + 0.1 * rng.normal(size=(8, 3))
faces = np.array(
    [
        [0, 1, 3],
        [0, 3, 2],
        [4, 6, 7],
        [4, 7, 5],
        [0, 4, 5],
        [0, 5, 1],
        [2, 3, 7],
        [2, 7, 6],
        [0, 2, 6],
        [0, 6, 4],
        [1, 5, 7],
        [1, 7, 3],
    ]
)
hexagon = np.array([[math.cos(k), 1.3 * math.sin(k)] for k in range(6)])

CASES = [
    case(polygon_area, hexagon, source="O'Rourke, Computational Geometry in C, 1.3"),
    case(polygon_centroid, hexagon, source="Bourke 1988"),
    case(
        distance_to_segment,
        np.array([0.3, 1.0]),
        np.array([0.0, 0.1]),
        np.array([2.0, 0.4]),
        argnums=(0, 1, 2),
    ),
    case(
        rodrigues,
        np.array([0.3, -0.5, 0.8]),
        rng.normal(size=(3, 3)),
        argnums=(0, 1),
        source="Murray, Li, Sastry, 2.2",
    ),
    case(
        slerp,
        rng.normal(size=4),
        rng.normal(size=4),
        0.3,
        argnums=(0, 1, 2),
        source="Shoemake 1985; Wikipedia, Slerp",
    ),
    case(bezier_length, rng.normal(size=(4, 2)), source="Farin, Curves and Surfaces for CAGD, 4.2"),
    case(
        bspline, 2.5, np.array([-1.0, 2.0, 0.0, -1.0]), argnums=(0, 1), source="scipy documentation, BSpline"
    ),
    case(haversine, 48.86, 2.35, 52.52, 13.4, argnums=(0, 1, 2, 3), source="Sinnott 1984"),
    case(vincenty, 0.85, 0.04, 0.92, 0.23, argnums=(0, 1, 2, 3), source="Vincenty 1975"),
    case(mesh_volume, cube, faces, source="Zhang & Chen 2001"),
    case(vertex_normals, cube, faces),
    case(laplacian_smoothing, rng.normal(size=(5, 2)), [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (1, 3)]),
    case(kabsch_rmsd, rng.normal(size=(5, 3)), rng.normal(size=(5, 3)), argnums=(0, 1), source="Kabsch 1976"),
    case(
        reprojection_error,
        {
            "rotation": np.array([0.1, -0.2, 0.05]),
            "translation": np.array([0.1, 0.2, -5.0]),
            "intrinsics": np.array([1.2, -0.1]),
        },
        rng.normal(size=(6, 3)),
        rng.normal(size=(6, 2)),
        source="SciPy Cookbook, bundle adjustment",
    ),
    case(closest_points, np.array([0.2, 0.1, -0.3]), hexagon, 1.1 * hexagon, source="Besl & McKay 1992"),
    case(
        convex_hull_perimeter, rng.normal(size=(9, 2)), source="de Berg et al., Computational Geometry, 1.1"
    ),
    case(
        bilinear_sample,
        rng.normal(size=(4, 4)),
        1.3,
        2.6,
        argnums=(0, 1, 2),
        source="Szeliski, Computer Vision, 3.6",
    ),
    case(
        arm_reach,
        np.array([0.4, 0.7, -0.2]),
        1.0,
        0.8,
        0.5,
        argnums=(0, 1, 2, 3),
        source="Craig, Robotics, 3.6",
    ),
    case(
        scene_distance,
        np.array([0.9, 1.4, 0.3]),
        [
            {"kind": "sphere", "centre": np.array([3.0, 0.0, 0.0]), "radius": 0.7},
            {"kind": "box", "half": np.array([0.5, 0.6, 0.7])},
        ],
        source="Quilez, distance functions",
    ),
    case(surface_area, 0.7, 1.2, argnums=(0, 1)),
    case(
        triangle_circumradius,
        np.array([0.0, 0.1]),
        np.array([2.0, 0.0]),
        np.array([0.7, 1.5]),
        argnums=(0, 1, 2),
    ),
    case(
        spline_track,
        np.array([0.0, 1.2, 0.7, 1.9, 1.0]),
        2.3,
        argnums=(0, 1),
        source="scipy documentation, CubicSpline",
    ),
    case(energy_of_points, rng.normal(size=(5, 3)), source="Thomson problem; scipy documentation, cdist"),
]
