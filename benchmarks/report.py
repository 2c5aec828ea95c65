#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints docs/benchmarks.md from the JSON that benchmarks/run.sh --json wrote: python3 report.py FILE."""
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
    "epilogue": "Matrix products with a bias and an activation",
    "einsum": "Contractions",
    "small": "Small matrices and vectors",
    "autodiff": "Gradients",
}
OWN = {"tenon", "hand", "peak"}


def number(ns):
    return f"{ns:.1f}" if ns < 100 else f"{ns:,.0f}"


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            return next(line.split(":", 1)[1].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def medians(run):
    times = defaultdict(list)
    for b in run["benchmarks"]:
        if b.get("run_type") == "iteration" and not b.get("error_occurred"):
            unit = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[b["time_unit"]]
            times[b["run_name"]].append(b["cpu_time"] * unit)
    return {name: statistics.median(t) for name, t in times.items()}


def machine(run, times):
    context = run["context"]
    print("| | |\n|---|---|")

    def row(key, value):
        print(f"| {key} | " + str(value).replace("|", "\\|") + " |")

    row("processor", f"{processor()}, {context['num_cpus']} cores seen, one used")
    row("system", f"{platform.system()} {platform.release()}")
    row("compiler", f"g++ {context.get('compiler', '?')}, `{context.get('flags', '?')}`")
    for peer in ("eigen", "openblas", "blis", "libxsmm", "glm", "ceres", "adept", "adolc", "cppad"):
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


def table(title, cases):
    libraries = sorted({library for row in cases.values() for library in row}, key=lambda n: (n not in OWN, n))
    order = [n for n in ("tenon", "hand", "peak") if n in libraries] + [n for n in libraries if n not in OWN]
    print(f"## {title}\n")
    head = ["case"] + order + ["tenon/hand", "tenon/best peer"]
    print("| " + " | ".join(head) + " |\n|---" + "|---:" * (len(head) - 1) + "|")
    for case, row in cases.items():
        peers = [(ns, name) for name, ns in row.items() if name not in OWN and not name.startswith("tenon")]

        def ratio(other):
            return f"{row['tenon'] / other:.2f}" if "tenon" in row and other else ""

        best = f"{ratio(min(peers)[0])} ({min(peers)[1]})" if peers else ""
        cells = [case] + [number(row[n]) if n in row else "" for n in order] + [ratio(row.get("hand")), best]
        print("| " + " | ".join(cells) + " |")
    print()


def gradients(title, cases, kept):
    """Times over that of the primal, and the bytes that reverse mode kept."""
    first = ("hand", "tenon", "tenon_batch", "tenon_scalar")
    found = {library for row in cases.values() for library in row if library != "primal"}
    order = [n for n in first if n in found] + sorted(found - set(first))
    print(f"## {title}\n")
    print("Value and derivatives over the value alone (`primal`: plain scalar loops, compiled with `-O3`). `hand` is scalar")
    print("code; `tenon_scalar` is the primal's source over `rev<double>`, as it is for the tapes among the peers; `tenon`")
    print("is written with tensors or fixed sizes. In brackets: bytes kept for the way back.\n")
    print("| case | primal, us | " + " | ".join(order) + " |\n|---" + "|---:" * (len(order) + 1) + "|")

    def cell(case, row, library):
        if library not in row or "primal" not in row:
            return ""
        size = kept.get((case, library))
        return f"{row[library] / row['primal']:.2f}" + (f" ({size:.3g})" if size else "")

    for case, row in cases.items():
        primal = f"{row['primal'] / 1000:.1f}" if "primal" in row else ""
        print("| " + " | ".join([case, primal] + [cell(case, row, n) for n in order]) + " |")
    print()


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        run = json.load(file)
    times = medians(run)
    print("# Benchmarks\n")
    print("Median nanoseconds of the repetitions, which ran in random order in one process on one core, and ratios of")
    print("times: below 1, tenon is the faster. `hand` is AVX-512 written for that one case; `peak` is the time that the")
    print("multiply-adds alone take in registers. Every result was checked against a reference in double before it was")
    print("timed. Written by `benchmarks/run.sh --report`.\n")
    machine(run, times)
    areas = defaultdict(lambda: defaultdict(dict))
    for name, ns in times.items():
        area, case, kind, size, library = name.split("/")
        areas[area][f"{case} {kind} {size}"][library] = ns

    def natural(item):  # numbers by value, words by letters
        return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", item[0]) if part]

    kept = {}
    for b in run["benchmarks"]:
        if "bytes" in b:
            _, case, kind, size, library = b["run_name"].split("/")
            kept[f"{case} {kind} {size}", library] = b["bytes"]
    for area, title in AREAS.items():
        cases = dict(sorted(areas[area].items(), key=natural))
        if cases and area == "autodiff":
            gradients(title, cases, kept)
        elif cases:
            table(title, cases)


main()
