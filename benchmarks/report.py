#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints the report of the JSON that benchmarks/run.sh --json wrote: python3 report.py FILE.
python3 report.py --merge FILE... prints one such file made of several."""
import json
import platform
import re
import statistics
import sys
from collections import defaultdict

AREAS = {
    "pointwise": "Pointwise: one loop over the elements",
    "rows": "Rows and columns of a 1024 x 1024 matrix",
    "sgemm": "Matrix products, float",
    "dgemm": "Matrix products, double",
    "low_precision": "Matrix products of bfloat16 (summed in float) and of int8",
    "epilogue": "Matrix products with what comes before and after them",
    "einsum": "Contractions",
    "convolution": "Convolutions",
    "small": "Small matrices and vectors",
    "autodiff": "Gradients",
    "threads": "Two threads",
}
PEERS = ("eigen", "eigen5", "openblas", "blis", "libxsmm", "onednn", "xtensor", "torch", "onnxruntime", "glm")
PEERS += ("ceres", "adept", "adolc", "cppad", "codipack", "xad", "sacado", "autodiff")
OWN = ("tenon", "hand", "peak")
CLOSE = 1.05  # at most so many times as long counts as not behind


def is_peer(library):
    own = OWN + ("hand_simd", "primal", "gradient", "gradient_scalar")
    return library not in own and not library.startswith("tenon")


def digits(x):
    """Three significant digits, or all before the point."""
    return f"{x:,.0f}" if x >= 99.95 else f"{x:.1f}" if x >= 9.995 else f"{x:.2f}" if x >= 0.9995 else f"{x:.3f}"


def unit(ns):
    return next((u for u in ((1, "ns"), (1e3, "us")) if ns < 1000 * u[0]), (1e6, "ms"))


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            return next(line.split(":", 1)[1].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def medians(run):
    """Nanoseconds by name: of the processor, or on the clock where the case says so."""
    times = defaultdict(list)
    for b in run["benchmarks"]:
        if b.get("run_type") == "iteration" and not b.get("error_occurred"):
            name, wall, _ = b["run_name"].partition("/real_time")
            scale = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[b["time_unit"]]
            times[name].append(b["real_time" if wall else "cpu_time"] * scale)
    return {name: statistics.median(t) for name, t in times.items()}


def print_table(head, rows):
    print("| " + " | ".join(head) + " |\n|---" + "|---:" * (len(head) - 1) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def machine(run, times):
    context = run["context"]
    print("## Machine\n\n| | |\n|---|---|")

    def row(key, value):
        print(f"| {key} | " + str(value).replace("|", "\\|") + " |")

    row("processor", f"{processor()}, {context['num_cpus']} cores seen, one used unless the table says otherwise")
    row("system", f"{platform.system()} {platform.release()}")
    row("compiler", f"g++ {context.get('compiler', '?')}, `{context.get('flags', '?')}`")
    for peer in PEERS:
        row(peer, context.get(peer, "SKIPPED: not found"))
    row("command", f"`{context.get('command', '?')}`, {context['date'][:10]}")
    row("load average before the run", context.get("load_before", "?"))
    for kind in ("f32", "f64"):
        ns = times.get(f"machine/fma/{kind}/1M/peak")
        if ns:
            row(f"multiply-add peak, {kind}", f"{2 * 2**20 / ns:.0f} GFLOP/s (own kernel)")
    for library, text in (("stores", "triad"), ("streaming_stores", "triad, streaming stores")):
        ns = times.get(f"machine/triad/f32/10000000/{library}")
        if ns:
            row(text, f"{12 * 1e7 / ns:.1f} GB/s (12 bytes an element)")
    print()


def on_threads(row):
    """The row of what ran on two threads, under the names of the libraries."""
    return {name.removesuffix("_2"): ns for name, ns in row.items() if name.endswith("_2")}


def against_peers(row):
    """tenon's time over that of the best peer, and that peer; nothing if either is missing."""
    peers = [(ns, name) for name, ns in row.items() if is_peer(name)]
    return (row["tenon"] / min(peers)[0], min(peers)[1]) if peers and "tenon" in row else None


def summary(areas):
    print("## Summary\n")
    print(f"Cases in which tenon takes at most {CLOSE} times as long as the best peer, and as `hand`; and those three in")
    print("which it does worst beside the best peer.\n")
    rows = []
    for area, title in AREAS.items():
        compared = [(on_threads(row) if area == "threads" else row, case) for case, row in areas[area].items()]
        peers = [(*found, case) for row, case in compared if (found := against_peers(row))]
        hands = [row["tenon"] / row["hand"] for row, _ in compared if "hand" in row and "tenon" in row]
        if peers or hands:
            worst = "; ".join(f"{case} {ratio:.2f} ({name})" for ratio, name, case in sorted(peers, reverse=True)[:3])

            def count(ratios):
                return f"{sum(r <= CLOSE for r in ratios)} of {len(ratios)}" if ratios else ""

            rows.append([f"[{area}](#{anchor(title)})", count([p[0] for p in peers]), count(hands), worst])
    print_table(["area", "beside the best peer", "beside `hand`", "worst beside the best peer"], rows)


def anchor(title):
    """Where GitHub puts a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


EPILOGUE = """`tenon_two_passes` writes the product and reads it again; `tenon_parts` is the bare product and the epilogue's own math,
of a few rows in the first-level cache as often as there are rows: what fusing cannot save.
"""


def table(title, cases, text=None):
    found = {library for row in cases.values() for library in row}
    order = [n for n in OWN if n in found] + sorted(n for n in found if n not in OWN and not is_peer(n))
    order += sorted(n for n in found if is_peer(n))
    with_hand, with_peers = "hand" in found, any(is_peer(n) for n in found)
    rows = []
    for case, row in cases.items():
        ratios = []
        if with_hand:
            ratios.append(f"{row['tenon'] / row['hand']:.2f}" if "tenon" in row and "hand" in row else "")
        if with_peers:
            best = against_peers(row)
            ratios.append(f"{best[0]:.2f} ({best[1]})" if best else "")
        scale, name = unit(row.get("tenon", min(row.values())))
        rows.append([case] + ratios + [name] + [digits(row[n] / scale) if n in row else "" for n in order])
    print(f"## {title}\n")
    if text:
        print(text)
    print_table(["case"] + ["tenon/hand"] * with_hand + ["tenon/best peer"] * with_peers + ["unit"] + order, rows)


HESSIAN = (("tenon", "gradient"), ("tenon_scalar", "gradient_scalar"))


def gradients(title, cases, kept):
    """Times over that of the primal, and the bytes that reverse mode kept."""
    first = ("hand", "hand_simd", "tenon", "tenon_batch", "tenon_microbatch", "tenon_scalar")
    products = {case: row for case, row in cases.items() if "gradient" in row}
    cases = {case: row for case, row in cases.items() if case not in products}
    found = {library for row in cases.values() for library in row if library != "primal"}
    order = [n for n in first if n in found] + sorted(found - set(first))
    print(f"## {title}\n")
    print("Value and derivatives over the value alone (`primal`: plain scalar loops, compiled with `-O3`). `hand` is scalar")
    print("code; `tenon_scalar` is the primal's source over `rev<double>`, as it is for the tapes among the peers; `tenon`")
    print("is written with tensors or fixed sizes. In brackets: bytes of memory beside the results, of tenon all that a")
    print("first call takes. The numbers of all peers go forwards in `ba` and `hand`, and in reverse elsewhere.")
    if "hand_simd" in found:
        print("`hand_simd` is what the machine allows: the gradient written for that one case in AVX-512, by other formulas")
        print("where these are shorter (`gmm`: from moments of the points; `asian`: all forwards), and with sizes that are known.")
    if "autodiff" in found:
        print("`autodiff` walks what it kept as a tree: it is left out where that is exponential (`burgers`, `lstm`).")
    print("Of `mlp`, `hand` takes one sample at a time, `hand_simd` and `tenon_microbatch` eight, `tenon` all 32 at once.")
    print()

    def cell(case, row, library):
        if library not in row or "primal" not in row:
            return ""
        size = kept.get((case, library))
        return f"{row[library] / row['primal']:.2f}" + (f" ({size:.3g})" if size else "")

    rows = []
    for case, row in cases.items():
        primal = f"{row['primal'] / 1000:.1f}" if "primal" in row else ""
        rows.append([case, primal] + [cell(case, row, n) for n in order])
    print_table(["case", "primal, us"] + order, rows)
    if not products:
        return
    print("\nHessian times vector, over the gradient alone: in tensor form, and the primal's source over nested numbers.\n")
    rows = []
    for case, row in products.items():
        ratios = [f"{row[n] / row[g]:.2f}" if n in row and g in row else "" for n, g in HESSIAN]
        rows.append([case, f"{row['gradient'] / 1000:.1f}"] + ratios)
    print_table(["case", "gradient, us"] + [n for n, _ in HESSIAN], rows)


def compilations(context):
    seconds = {name.removeprefix("compile_"): s for name, s in context.items() if name.startswith("compile_")}
    if not seconds:
        return
    print("Seconds of the compiler (`-O2`, least of three) for the five problems `asian`, `burgers`, `gmm`, `lstm` and `mlp`")
    print("in one file: the primal's source, and the same over each library's numbers, headers included.\n")
    order = [n for n in ("primal", "tenon") if n in seconds] + sorted(set(seconds) - {"primal", "tenon"})
    print_table(order, [[f"{float(seconds[n]):.2f}" for n in order]])


def threads(title, cases):
    peers = sorted({name for row in cases.values() for name in on_threads(row)} - {"tenon"})
    print(f"## {title}\n")
    print("By the clock, and on OpenMP's threads (`tenon/exec/openmp.hpp`). `speed-up` is tenon's time on one thread over that")
    print("on two, and so are the numbers in brackets beside the peers' times on two threads.\n")
    rows = []
    for case, row in cases.items():
        two = on_threads(row)
        best = against_peers(two)
        scale, name = unit(min(row.values()))

        def time(times, library):
            return digits(times[library] / scale) if library in times else ""

        def gain(library):
            return f"{row[library] / two[library]:.2f}" if library in row and library in two else ""

        rows.append(
            [case, gain("tenon"), f"{best[0]:.2f} ({best[1]})" if best else "", name]
            + [time(row, "tenon"), time(two, "tenon")]
            + [f"{time(two, n)} ({gain(n)})" if n in two else "" for n in peers]
        )
    print_table(["case", "speed-up", "tenon/best peer", "unit", "tenon, 1", "tenon, 2"] + [f"{n}, 2" for n in peers], rows)


def report(path):
    with open(path, encoding="utf-8") as file:
        run = json.load(file)
    times = medians(run)
    areas = defaultdict(lambda: defaultdict(dict))
    for name, ns in times.items():
        area, case, kind, size, library = name.split("/")
        areas[area][f"{case} {kind} {size}"][library] = ns

    def natural(item):  # numbers by value, words by letters
        return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", item[0]) if part]

    areas = defaultdict(dict, {area: dict(sorted(cases.items(), key=natural)) for area, cases in areas.items()})
    kept = {}
    for b in run["benchmarks"]:
        if b.get("bytes") and b.get("aggregate_name") == "median":
            _, case, kind, size, library = b["run_name"].split("/")
            kept[f"{case} {kind} {size}", library] = b["bytes"]

    arch = re.search(r"-march=(\S+)", run["context"].get("flags", ""))
    arch = arch.group(1) if arch else "native"
    by_hand = any("hand" in row for area in areas for row in areas[area].values() if area != "autodiff")
    print("# Benchmarks" + (f" with -march={arch}" if arch != "native" else "") + "\n")
    print("Median times of the repetitions, which ran in random order in one process on one core, and ratios of times:")
    print("below 1, tenon is the faster. `peak` is the time that the multiply-adds alone take in registers.")
    if by_hand:
        print("`hand` is AVX-512 written for that one case.")
    else:
        print("`hand` is left out: it is AVX-512, which this machine or `-march` has not.")
    print("Every result was checked against a reference in double before it was timed. Written by")
    print(f"`benchmarks/run.sh {'' if arch == 'native' else f'--arch {arch} '}--report`.\n")
    summary(areas)
    for area, title in AREAS.items():
        if not areas[area]:
            continue
        if area == "autodiff":
            gradients(title, areas[area], kept)
            compilations(run["context"])
        elif area == "threads":
            threads(title, areas[area])
        else:
            table(title, areas[area], EPILOGUE if area == "epilogue" else None)
    machine(run, times)


def merge(paths):
    merged = None
    for path in paths:
        with open(path, encoding="utf-8") as file:
            run = json.load(file)
        if merged:
            merged["benchmarks"] += run["benchmarks"]
            merged["context"] = {**run["context"], **merged["context"]}
        else:
            merged = run
    json.dump(merged, sys.stdout, indent=1)


if sys.argv[1] == "--merge":
    merge(sys.argv[2:])
else:
    report(sys.argv[1])
