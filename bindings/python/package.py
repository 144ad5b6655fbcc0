#!/usr/bin/env python3
"""Builds and tests the Python package. The Makefile and the tests call it.

    package.py smoke --prefix DIR --build DIR   builds it against an installed rollcall, runs its tests
    package.py test [--prefix DIR]              the same with the libraries it works with, mypy, the sources in
                                                one file, and the plug-in that reads Parquet
    package.py wheel [--prefix DIR]             a wheel for other machines, tested in a fresh environment
    package.py sdist                            the sources in one file, which is then built elsewhere

Where the package registry cannot be reached, it says so and ends with 77, which tests count as skipped.
"""

import argparse
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PARQUET = os.path.join(ROOT, "bindings", "parquet")
BUILD = os.path.join(ROOT, "build", "python")
TESTS = os.path.join(HERE, "tests")
REQUIREMENTS = os.path.join(HERE, "requirements.txt")
WHEEL_BYTES_MAX = 10_000_000
SKIPPED = 77
# What the engine is built of. `make sdist` puts it beside the package.
ENGINE = ["CMakeLists.txt", "LICENSE", "bench/workload.*", "bindings/c", "core", "kernels", "operations", "storage",
          "tools"]

# Of these libraries, the module has code that no shared library holds.
COMPILED_IN = ["libboost-dev", "libcli11-dev", "libhowardhinnant-date-dev", "libxsimd-dev", "nlohmann-json3-dev"]


def run(*command, **options):
    """Runs a command, and ends this program if it fails."""
    print("+", *command, flush=True)
    subprocess.run(command, check=True, **options)


def environment(folder, *packages):
    """Makes an environment with packages, unless it is there. Returns its interpreter."""
    python = os.path.join(folder, "bin", "python")
    wanted = "\n".join(packages)
    for package in packages:
        if package.startswith("-r"):
            with open(package[2:], encoding="utf-8") as file:
                wanted += file.read()
    stamp = os.path.join(folder, "packages-" + hashlib.sha256(wanted.encode()).hexdigest()[:16])
    if os.path.exists(stamp):
        return python
    shutil.rmtree(folder, ignore_errors=True)
    run(sys.executable, "-m", "venv", folder)
    if packages:
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1",
                   *packages]
        print("+", *command, flush=True)
        if subprocess.run(command, check=False).returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            print(f"SKIPPED: pip could not install {' '.join(packages)}; is there a package registry?")
            sys.exit(SKIPPED)
    with open(stamp, "w", encoding="utf-8"):
        pass
    return python


def building_environment(folder):
    """Makes an environment with the nanobind that pyproject.toml pins. Returns its interpreter."""
    with open(os.path.join(HERE, "pyproject.toml"), "rb") as file:
        pinned = tomllib.load(file)["build-system"]["requires"]
    return environment(folder, *[one for one in pinned if one.startswith("nanobind")])


def run_tests(python, paths=(), **variables):
    """Runs the tests with an interpreter that finds the package, in `paths` or where it is installed."""
    names = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **variables}
    run(python, "-W", "error::ResourceWarning", "-m", "unittest", "discover", "-s", TESTS, env=names, cwd=TESTS)


def smoke(options):
    """Builds the extension with little optimisation, and runs the tests that need no library."""
    if sys.version_info < (3, 11):
        print("SKIPPED: the package needs Python 3.11")
        sys.exit(SKIPPED)
    python = building_environment(os.path.join(options.build, "venv"))
    objects = os.path.join(options.build, "objects")
    site = os.path.join(options.build, "site")
    run("cmake", "-G", "Ninja", "-S", HERE, "-B", objects, f"-DCMAKE_PREFIX_PATH={options.prefix}",
        f"-DPython_EXECUTABLE={python}", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_FLAGS_RELEASE=-O1",
        *([f"-DCMAKE_CXX_COMPILER={options.compiler}"] if options.compiler else []))
    run("cmake", "--build", objects)
    run("cmake", "--install", objects, "--prefix", site, "--component", "python")
    shutil.copytree(os.path.join(HERE, "rollcall"), os.path.join(site, "rollcall"), dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    run_tests(python, [site])


def test(options):
    """Installs the package with the libraries that it works with, and runs all tests, types, examples."""
    begin = time.monotonic()
    prefix = options.prefix or installed_release()
    python = environment(os.path.join(BUILD, "venv"), "-r" + REQUIREMENTS)
    run(python, "-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps", HERE,
        env={**os.environ, "CMAKE_PREFIX_PATH": prefix})
    run(python, "-m", "mypy", "--config-file", os.path.join(HERE, "pyproject.toml"), "--strict",
        "-p", "rollcall", cwd=TESTS)
    run_tests(python, ROLLCALL_PYTHON_ALL="1", ROLLCALL_PYTHON_OPENS="10000")
    with tempfile.TemporaryDirectory() as folder:
        check_archive(source_archive(python, os.path.join(folder, "dist")), folder)
    skipped = 0 if test_plugin(python, prefix) else 1
    print(f"the Python package: passed in {time.monotonic() - begin:.0f} s, {skipped} parts skipped")


def test_plugin(python, prefix):
    """Builds the plug-in that reads Parquet, and tests it with an installed program. Returns whether it could."""
    cargo = shutil.which("cargo") or shutil.which("cargo", path=os.path.expanduser("~/.cargo/bin"))
    if cargo is None:
        print("SKIPPED: the plug-in that reads Parquet needs cargo")
        return False
    built = os.path.join(BUILD, "cargo")
    run(cargo, "build", "--release", "--locked", "--quiet", "--target-dir", built, cwd=PARQUET)
    run(python, os.path.join(PARQUET, "plugin_test.py"), "--program", os.path.join(prefix, "bin", "rollcall"),
        "--plugin", os.path.join(built, "release", "librollcall_parquet.so"))
    return True


def installed_release():
    """Installs what `make release` built, for the package to link. Returns where."""
    prefix = os.path.join(BUILD, "prefix")
    run("cmake", "--install", os.path.join(ROOT, "build", "release"), "--prefix", prefix,
        stdout=subprocess.DEVNULL)
    return prefix


def newest(pattern):
    """The file that was made last among those of a pattern."""
    return max(glob.glob(pattern), key=os.path.getmtime)


def wheel(options):
    """Makes a wheel with the libraries that it needs, and tests it in an environment of its own."""
    prefix = options.prefix or installed_release()
    python = environment(os.path.join(BUILD, "venv"), "-r" + REQUIREMENTS)
    raw, repaired = os.path.join(BUILD, "raw"), os.path.join(BUILD, "dist")
    for folder in (raw, repaired):
        shutil.rmtree(folder, ignore_errors=True)
    run(python, "-m", "pip", "wheel", "--quiet", "--no-deps", HERE, "-w", raw,
        env={**os.environ, "CMAKE_PREFIX_PATH": prefix})
    tools = os.path.dirname(python)
    run(python, "-m", "auditwheel", "repair", "--strip", "-w", repaired, newest(os.path.join(raw, "*.whl")),
        env={**os.environ, "PATH": tools + os.pathsep + os.environ["PATH"]})
    made = newest(os.path.join(repaired, "*.whl"))
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(newest(os.path.join(raw, "*.whl"))) as file:
            (module,) = (name for name in file.namelist() if name.endswith(".so") and name.startswith("rollcall/"))
            module = file.extract(module, folder)
        add_licences(python, made, module)
    check_licences(made)
    size = os.path.getsize(made)
    with tempfile.TemporaryDirectory() as folder:
        fresh = environment(os.path.join(folder, "venv"))
        run(fresh, "-m", "pip", "install", "--quiet", "--no-index", made)
        run(fresh, "-m", "rollcall", "--version", cwd=folder)
        run_tests(fresh)
    print(f"{made}: {size:,} bytes")
    if size > WHEEL_BYTES_MAX:
        sys.exit(f"package.py: the wheel has {size:,} bytes (allowed: {WHEEL_BYTES_MAX:,})")


def add_licences(python, made, module):
    """Puts the copyrights of what a wheel has copies of into it, as Debian's packages tell them.

    `module` is the one that was there before the copies were made.
    """
    with tempfile.TemporaryDirectory() as folder:
        run(python, "-m", "wheel", "unpack", "--dest", folder, made, stdout=subprocess.DEVNULL)
        (unpacked,) = glob.glob(os.path.join(folder, "*"))
        (licences,) = glob.glob(os.path.join(unpacked, "*.dist-info", "licenses"))
        copied = {name.rsplit("-", 1)[0] for name in os.listdir(os.path.join(unpacked, "rollcall.libs"))}
        for package in [*COMPILED_IN, *packages_of_libraries(module, copied)]:
            shutil.copy(f"/usr/share/doc/{package}/copyright", os.path.join(licences, f"{package}.txt"))
        (nanobind,) = glob.glob(os.path.join(os.path.dirname(building_environment(os.path.join(BUILD, "building"))),
                                             "../lib/python*/site-packages/nanobind-*.dist-info/licenses/LICENSE"))
        shutil.copy(nanobind, os.path.join(licences, "nanobind.txt"))
        run(python, "-m", "wheel", "pack", "--dest-dir", os.path.dirname(made), unpacked, stdout=subprocess.DEVNULL)


def packages_of_libraries(module, stems):
    """The Debian packages of those libraries that a module loads whose names begin with one of `stems`."""
    loaded = subprocess.run(["ldd", module], check=True, stdout=subprocess.PIPE, text=True).stdout
    names = [line.split()[0] for line in loaded.splitlines() if " => /" in line]
    packages = set()
    for name in names:
        if name.split(".so")[0] not in stems:
            continue
        found = subprocess.run(["dpkg-query", "--search", f"*/{name}"], check=True, stdout=subprocess.PIPE, text=True)
        packages.add(found.stdout.split(":")[0])
    return sorted(packages)


def check_licences(made):
    """Looks whether a wheel has the licence of the package and one for each library that it has a copy of."""
    with zipfile.ZipFile(made) as file:
        names = file.namelist()
    licences = [name for name in names if ".dist-info/licenses/" in name]
    libraries = [name for name in names if name.startswith("rollcall.libs/")]
    if not any(name.endswith("/LICENSE") for name in licences) or len(licences) <= len(libraries):
        sys.exit(f"package.py: {made} lacks licences: {len(libraries)} libraries, and {licences}")


def staged(folder):
    """Puts the package, and the engine as its folder `engine`, into `folder`."""
    def copy(names, base, to):
        for name in names:
            target = os.path.join(to, os.path.relpath(name, base))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(os.path.join(ROOT, name), target)

    def listed(*paths):
        return subprocess.run(["git", "-C", ROOT, "ls-files", "--", *paths], check=True,
                              stdout=subprocess.PIPE, text=True).stdout.split("\n")[:-1]

    copy(listed("bindings/python"), "bindings/python", folder)
    copy(listed(*ENGINE), ".", os.path.join(folder, "engine"))


def source_archive(python, made):
    """Makes one file of all sources in the folder `made`. Returns its path."""
    with tempfile.TemporaryDirectory() as folder:
        package = os.path.join(folder, "package")
        staged(package)
        run(python, "-m", "build", "--sdist", "--outdir", made, package)
    return newest(os.path.join(made, "*.tar.gz"))


def check_archive(archive, folder):
    """Looks whether the sources in one file are complete, as far as CMake can tell, and nothing but sources."""
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    unpacked = os.path.join(folder, os.path.basename(archive).removesuffix(".tar.gz"))
    tops = set(os.listdir(os.path.join(unpacked, "engine")))
    expected = {name.split("/")[0] for name in ENGINE}
    if tops != expected:
        sys.exit(f"package.py: {archive} has the engine's {sorted(tops)} (expected: {sorted(expected)})")
    run("cmake", "-G", "Ninja", "-S", unpacked, "-B", os.path.join(folder, "configured"),
        f"-DPython_EXECUTABLE={building_environment(os.path.join(folder, 'building'))}",
        "-DCMAKE_DISABLE_FIND_PACKAGE_rollcall=ON", stdout=subprocess.DEVNULL)


def sdist(_):
    """Makes one file of all sources, and builds it in a folder outside this tree."""
    python = environment(os.path.join(BUILD, "venv"), "-r" + REQUIREMENTS)
    archive = source_archive(python, os.path.join(BUILD, "dist"))
    with tempfile.TemporaryDirectory() as folder:
        names = {name: value for name, value in os.environ.items() if name != "CMAKE_PREFIX_PATH"}
        run(python, "-m", "pip", "wheel", "--quiet", "--no-deps", archive, "-w", os.path.join(folder, "out"),
            cwd=folder, env=names)
        fresh = environment(os.path.join(folder, "venv"))
        run(fresh, "-m", "pip", "install", "--quiet", "--no-index", newest(os.path.join(folder, "out", "*.whl")))
        run(fresh, "-m", "rollcall", "--version", cwd=folder)
    print(f"{archive}: {os.path.getsize(archive):,} bytes; builds outside the tree")


def main():
    """Runs the command that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for command in (smoke, test, wheel, sdist):
        chosen = commands.add_parser(command.__name__, help=command.__doc__)
        chosen.set_defaults(command=command)
        if command is not sdist:
            chosen.add_argument("--prefix", required=command is smoke,
                                help="where rollcall is installed; by default, what make release built is linked")
        if command is smoke:
            chosen.add_argument("--build", required=True, help="where to build")
            chosen.add_argument("--compiler", help="the C++ compiler")
    options = parser.parse_args()
    try:
        options.command(options)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode if 0 < error.returncode < SKIPPED else 1)


if __name__ == "__main__":
    main()
