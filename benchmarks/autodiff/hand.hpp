// benchmarks/autodiff/hand.hpp: ADBench's hand tracking (26 parameters), and its Jacobian by hand.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The problem of Srajer, Kukelova, Fitzgibbon 2018: a hand of 22 bones is posed, its vertices follow the bones by their
// weights, and the errors are what separates some of them from measured points. Parameters: rotation 3 (axis times
// angle), translation 3, and four angles for each finger. Bones: the wrist, four of each finger, the forearm; a parent
// comes before its children. Of a finger's bones the second turns by two angles, the third and fourth by one. Frames
// are 3 x 4: a matrix and a translation.
#pragma once
#include <cmath>
#include <cstddef>
#include <vector>

namespace bench::hand_tracking {
using std::size_t;

inline constexpr int parameters = 26, bones = 22, fingers = 5;

struct Share {
  int bone;
  double weight;
};
struct Vertex {
  double place[3], measured[3];
  std::vector<Share> shares;
};
struct Hand {
  int parent[bones] = {};
  double relative[bones][12] = {}, inverse[bones][12] = {};  // of the pose that the vertices were measured in
  std::vector<Vertex> vertices;
};

template <class T, class A, class B>
void compose(const A* a, const B* b, T* c) {
  for (int i = 0; i < 12; i += 4)
    for (int j = 0; j < 4; ++j) {
      c[i + j] = a[i] * b[j] + a[i + 1] * b[4 + j] + a[i + 2] * b[8 + j];
      if (j == 3) c[i + j] += a[i + 3];
    }
}

// The frame of a joint after turning by x about its first axis, then by z about its third.
template <class T>
void turn(const double* frame, const T& x, const T& z, T* to) {
  using std::cos;
  using std::sin;
  const T sx = sin(x), cx = cos(x), sz = sin(z), cz = cos(z);
  for (int i = 0; i < 12; i += 4) {
    const T second = cz * frame[i + 1] - sz * frame[i];
    to[i] = cz * frame[i] + sz * frame[i + 1];
    to[i + 1] = cx * second + sx * frame[i + 2];
    to[i + 2] = cx * frame[i + 2] - sx * second;
    to[i + 3] = T(frame[i + 3]);
  }
}
template <class T>
void turn(const double* frame, const T& x, T* to) {
  using std::cos;
  using std::sin;
  const T s = sin(x), c = cos(x);
  for (int i = 0; i < 12; i += 4) {
    to[i] = T(frame[i]);
    to[i + 1] = c * frame[i + 1] + s * frame[i + 2];
    to[i + 2] = c * frame[i + 2] - s * frame[i + 1];
    to[i + 3] = T(frame[i + 3]);
  }
}

template <class T>
void rotation(const T* r, T* m) {
  using std::cos;
  using std::sin;
  using std::sqrt;
  const T angle = sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]);
  if (angle < 1e-4) {
    for (int i = 0; i < 9; ++i) m[i] = T(i % 4 == 0 ? 1.0 : 0.0);
    return;
  }
  const T x = r[0] / angle, y = r[1] / angle, z = r[2] / angle, s = sin(angle), c = cos(angle), d = 1.0 - c;
  m[0] = x * x * d + c, m[1] = x * y * d - z * s, m[2] = x * z * d + y * s;
  m[3] = x * y * d + z * s, m[4] = y * y * d + c, m[5] = y * z * d - x * s;
  m[6] = x * z * d - y * s, m[7] = y * z * d + x * s, m[8] = z * z * d + c;
}

/// A hand of ADBench's structure out of numbers in [-1, 1), which `next()` gives: angles are radians.
template <class F>
Hand make(std::size_t count, const F& next) {
  Hand h;
  const auto frame = [&](double* to) {
    const double r[3] = {next(), next(), next()};
    double m[9];
    rotation(r, m);
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j) to[4 * i + j] = m[3 * i + j];
      to[4 * i + 3] = 0.1 * next();
    }
  };
  for (int b = 0; b < bones; ++b) {
    h.parent[b] = b == 0 ? -1 : ((b + 3) % 4 == 0 ? 0 : b - 1);
    frame(h.relative[b]), frame(h.inverse[b]);
  }
  for (std::size_t i = 0; i < count; ++i) {
    Vertex v;
    for (double& x : v.place) x = 0.1 * next();
    for (double& x : v.measured) x = next();
    const int first = static_cast<int>((next() + 1) / 2 * (bones - 2));  // three neighbouring bones
    for (int k = 0; k < 3; ++k) v.shares.push_back({first + k, (1 + next()) / 3});
    h.vertices.push_back(v);
  }
  return h;
}

/// Three errors for each vertex.
template <class T>
void errors(const Hand& h, const T* p, T* e) {
  std::vector<T> absolute(12 * bones), skin(12 * bones);
  for (int b = 0; b < bones; ++b) {
    T* to = absolute.data() + 12 * b;
    const int joint = (b + 3) % 4;
    const T* angle = p + 6 + (b - 1) / 4 * 4;
    T posed[12];
    if (b == 0 || b == bones - 1 || joint == 0) {
      for (int i = 0; i < 12; ++i) posed[i] = T(h.relative[b][i]);
    } else if (joint == 1) {
      turn<T>(h.relative[b], angle[0], angle[1], posed);
    } else {
      turn<T>(h.relative[b], angle[joint], posed);
    }
    if (h.parent[b] < 0) {
      for (int i = 0; i < 12; ++i) to[i] = posed[i];
    } else {
      compose(absolute.data() + 12 * h.parent[b], posed, to);
    }
    compose(to, h.inverse[b], skin.data() + 12 * b);
  }
  T m[9];
  rotation(p, m);
  for (const Vertex& v : h.vertices) {
    T x[3] = {T(0.0), T(0.0), T(0.0)};
    for (const Share& share : v.shares) {
      const T* frame = skin.data() + 12 * share.bone;
      for (int i = 0; i < 3; ++i, frame += 4)
        x[i] += share.weight * (frame[0] * v.place[0] + frame[1] * v.place[1] + frame[2] * v.place[2] + frame[3]);
    }
    for (int i = 0; i < 3; ++i)
      *e++ = v.measured[i] - (m[3 * i] * x[0] + m[3 * i + 1] * x[1] + m[3 * i + 2] * x[2] + p[3 + i]);
  }
}

namespace detail {
// A frame's derivatives by the angles of turn(): their translations are zero.
inline void turned_by_x(const double* frame, double x, double z, double* to) {
  const double sx = std::sin(x), cx = std::cos(x), sz = std::sin(z), cz = std::cos(z);
  for (int i = 0; i < 12; i += 4) {
    const double second = cz * frame[i + 1] - sz * frame[i];
    to[i] = to[i + 3] = 0;
    to[i + 1] = cx * frame[i + 2] - sx * second;
    to[i + 2] = -sx * frame[i + 2] - cx * second;
  }
}
inline void turned_by_z(const double* frame, double x, double z, double* to) {
  const double sx = std::sin(x), cx = std::cos(x), sz = std::sin(z), cz = std::cos(z);
  for (int i = 0; i < 12; i += 4) {
    const double second = -sz * frame[i + 1] - cz * frame[i];
    to[i] = cz * frame[i + 1] - sz * frame[i];
    to[i + 1] = cx * second, to[i + 2] = -sx * second;
    to[i + 3] = 0;
  }
}
inline void product(const double* a, const double* b, double* c) {  // of what has no translation on the right
  for (int i = 0; i < 12; i += 4) {
    for (int j = 0; j < 3; ++j) c[i + j] = a[i] * b[j] + a[i + 1] * b[4 + j] + a[i + 2] * b[8 + j];
    c[i + 3] = 0;
  }
}
inline void apply(const double* frame, const double* x, double weight, double* to) {
  for (int i = 0; i < 3; ++i, frame += 4)
    to[i] += weight * (frame[0] * x[0] + frame[1] * x[1] + frame[2] * x[2] + frame[3]);
}
}  // namespace detail

/// Errors and jacobian[3 vertices, 26] by hand: forward along the fingers, as each angle moves three bones at most.
inline void hand(const Hand& h, const double* p, double* e, double* jacobian) {
  double posed[bones][12], absolute[bones][12], skin[bones][12];
  double moved[fingers][4][4][12];  // derivative of a finger's bone (third index) by its angle (second)
  for (int b = 0; b < bones; ++b) {
    const int joint = (b + 3) % 4;
    const double* angle = p + 6 + (b - 1) / 4 * 4;
    if (b == 0 || b == bones - 1 || joint == 0) {
      for (int i = 0; i < 12; ++i) posed[b][i] = h.relative[b][i];
    } else if (joint == 1) {
      turn(h.relative[b], angle[0], angle[1], posed[b]);
    } else {
      turn(h.relative[b], angle[joint], posed[b]);
    }
    if (h.parent[b] < 0) {
      for (int i = 0; i < 12; ++i) absolute[b][i] = posed[b][i];
    } else {
      compose(absolute[h.parent[b]], posed[b], absolute[b]);
    }
    compose(absolute[b], h.inverse[b], skin[b]);
  }
  for (int f = 0; f < fingers; ++f) {
    const int first = 1 + 4 * f;
    const double* angle = p + 6 + 4 * f;
    for (int k = 0; k < 4; ++k) {
      const int joint = k < 2 ? 1 : k, bone = first + joint;
      double turned[12], along[12], next[12];
      if (k == 1) {
        detail::turned_by_z(h.relative[bone], angle[0], angle[1], turned);
      } else {
        detail::turned_by_x(h.relative[bone], angle[k], k == 0 ? angle[1] : 0, turned);
      }
      detail::product(absolute[h.parent[bone]], turned, along);
      for (int j = joint; j < 4; ++j) {
        if (j > joint) {
          compose(along, posed[first + j], next);
          for (int i = 0; i < 12; ++i) along[i] = next[i];
        }
        compose(along, h.inverse[first + j], moved[f][k][j]);
      }
    }
  }
  // The rotation is c + a K + b r r^T with K the matrix of r cross, as in ba.hpp.
  const double square = p[0] * p[0] + p[1] * p[1] + p[2] * p[2], angle = std::sqrt(square);
  const bool turns = !(angle < 1e-4);
  const double inverse = turns ? 1 / square : 0, c = std::cos(angle), a = std::sin(angle) * angle * inverse;
  const double b = (1 - c) * inverse, a1 = (c - a) * inverse, b1 = (a - 2 * b) * inverse;
  const double cross[9] = {0, -p[2], p[1], p[2], 0, -p[0], -p[1], p[0], 0};
  double m[9], by[3][9];
  rotation(p, m);
  for (int k = 0; k < 3; ++k)
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j) {
        const double unit = i == j || i == k || j == k ? 0 : ((i + 1) % 3 == j ? -1 : 1);
        by[k][3 * i + j] = p[k] * ((i == j ? -a : 0) + a1 * cross[3 * i + j] + b1 * p[i] * p[j]) + a * unit +
                           b * ((i == k ? p[j] : 0) + (j == k ? p[i] : 0));
      }
  for (const Vertex& v : h.vertices) {
    double x[3] = {}, d[4 * fingers][3] = {};
    bool touched[fingers] = {};
    for (const Share& share : v.shares) {
      detail::apply(skin[share.bone], v.place, share.weight, x);
      if (share.bone == 0 || share.bone == bones - 1) continue;
      const int f = (share.bone - 1) / 4, joint = (share.bone - 1) % 4;
      if (joint == 0) continue;
      touched[f] = true;
      for (int k = 0; k <= joint; ++k) detail::apply(moved[f][k][joint], v.place, share.weight, d[4 * f + k]);
    }
    for (int i = 0; i < 3; ++i, jacobian += parameters) {
      *e++ = v.measured[i] - (m[3 * i] * x[0] + m[3 * i + 1] * x[1] + m[3 * i + 2] * x[2] + p[3 + i]);
      for (int k = 0; k < 3; ++k) {
        jacobian[k] = -(by[k][3 * i] * x[0] + by[k][3 * i + 1] * x[1] + by[k][3 * i + 2] * x[2]);
        jacobian[3 + k] = i == k ? -1 : 0;
      }
      for (int k = 0; k < 4 * fingers; ++k)
        jacobian[6 + k] = touched[k / 4] ? -(m[3 * i] * d[k][0] + m[3 * i + 1] * d[k][1] + m[3 * i + 2] * d[k][2]) : 0;
    }
  }
}

}  // namespace bench::hand_tracking
