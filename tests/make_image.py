#!/usr/bin/env python3
"""Make an image for a test, in plain Python, so that what reads it was not also what
wrote it.

	make_image.py OUT CONFIG LAYER.tar...

OUT is a folder (an OCI layout) or a file (an archive).  CONFIG is the JSON of the member
"config" of the configuration, or a whole configuration if it has "rootfs" or "config".

	--form oci|docker|both	what an archive is: OCI layout, docker save of 20.10, both
	--docker-types		Docker's media types in the layout
	--platform OS/ARCH[/VARIANT]
	--name NAME:TAG		in full, as containerd has it
	--gzip N		how layers are compressed: 0 not at all, 1 (default) to 9
	--with OTHER		an index: the platforms of this layout folder come along
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import tarfile

OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def compact(doc):
    return json.dumps(doc, separators=(",", ":")).encode()


class Image:
    def __init__(self, args):
        self.args = args
        self.blobs = {}
        self.tars = []
        docker = args.docker_types
        self.types = {
            "config": DOCKER + "container.image.v1+json" if docker else OCI + "config.v1+json",
            "manifest": DOCKER + "distribution.manifest.v2+json" if docker
            else OCI + "manifest.v1+json",
            "index": DOCKER + "distribution.manifest.list.v2+json" if docker
            else OCI + "index.v1+json",
            "layer": (DOCKER + "image.rootfs.diff.tar" + (".gzip" if args.gzip else "")) if docker
            else OCI + "layer.v1.tar" + ("+gzip" if args.gzip else ""),
        }

    def put(self, data, kind):
        digest = sha256(data)
        self.blobs[digest] = data
        return {"mediaType": self.types[kind], "digest": digest, "size": len(data)}

    def layer(self, path):
        with open(path, "rb") as f:
            tar = f.read()
        self.tars.append(tar)
        data = gzip.compress(tar, self.args.gzip, mtime=0) if self.args.gzip else tar
        return self.put(data, "layer"), sha256(tar)

    def platform(self):
        parts = self.args.platform.split("/")
        return dict(zip(("os", "architecture", "variant"), parts))

    def build(self):
        given = json.loads(self.args.config)
        doc = given if "rootfs" in given or "config" in given else {"config": given}
        layers = [self.layer(path) for path in self.args.layers]
        doc = {"created": "2020-02-02T02:02:02Z", **self.platform(), **doc}
        doc["rootfs"] = {"type": "layers", "diff_ids": [d for _, d in layers]}
        doc.setdefault("history", [{"created": "2020-02-02T02:02:02Z", "created_by": "ADD " +
                                    os.path.basename(p)} for p in self.args.layers])
        self.config = self.put(compact(doc), "config")
        manifest = {"schemaVersion": 2, "mediaType": self.types["manifest"],
                    "config": self.config, "layers": [d for d, _ in layers]}
        top = self.put(compact(manifest), "manifest")
        top["platform"] = self.platform()
        if self.args.with_:
            top = self.join(top)
        return top

    def join(self, top):
        other = json.load(open(self.args.with_ + "/index.json"))["manifests"][0]
        folder = self.args.with_ + "/blobs/sha256/"
        for name in os.listdir(folder):
            with open(folder + name, "rb") as f:
                self.blobs.setdefault("sha256:" + name, f.read())
        manifests = [top, {k: v for k, v in other.items() if k != "annotations"}]
        return self.put(compact({"schemaVersion": 2, "mediaType": self.types["index"],
                                 "manifests": manifests}), "index")

    def layout(self, top):
        name = self.args.name
        top["annotations"] = {"io.containerd.image.name": name,
                              "org.opencontainers.image.ref.name": name.rsplit(":", 1)[1]}
        files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
                 "index.json": compact({"schemaVersion": 2, "manifests": [top]})}
        for digest, data in self.blobs.items():
            files["blobs/" + digest.replace(":", "/")] = data
        return files

    def archive(self):
        """As docker save of 20.10 writes it: one folder a layer."""
        config = self.config["digest"][7:] + ".json"
        files, names = {config: self.blobs[self.config["digest"]]}, []
        for i, tar in enumerate(self.tars):
            names.append("%s/layer.tar" % hashlib.sha256(b"%d" % i + tar[:512]).hexdigest())
            files[names[-1]] = tar
        files["manifest.json"] = compact([{"Config": config, "RepoTags": [self.args.name],
                                           "Layers": names}])
        return files


def write(out, files):
    if not out.endswith(".tar"):
        for name, data in files.items():
            os.makedirs(os.path.dirname(os.path.join(out, name)) or out, exist_ok=True)
            with open(os.path.join(out, name), "wb") as f:
                f.write(data)
        return
    with tarfile.open(out, "w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("out")
    p.add_argument("config")
    p.add_argument("layers", nargs="+")
    p.add_argument("--form", default="oci")
    p.add_argument("--docker-types", action="store_true")
    p.add_argument("--platform", default="linux/amd64")
    p.add_argument("--name", default="docker.io/library/test:latest")
    p.add_argument("--gzip", type=int, default=1)
    p.add_argument("--with", dest="with_")
    args = p.parse_args()
    image = Image(args)
    top = image.build()
    files = image.archive() if args.form == "docker" else image.layout(top)
    if args.form == "both":
        files["manifest.json"] = compact([{
            "Config": "blobs/" + image.config["digest"].replace(":", "/"),
            "RepoTags": [args.name], "Layers": [
                "blobs/" + d["digest"].replace(":", "/") for d in
                json.loads(image.blobs[top["digest"]])["layers"]]}])
    write(args.out, files)


main()
