"""The official releases of the built-in actors, each named by the CID of its manifest.

A bundle is a CAR file whose one root is a manifest, and the manifest commits to every actor's
code, so that one CID pins a whole bundle: it is what Papyrus checks a bundle against, wherever
the file came from. The CIDs are facts of the released files, as every implementation lists them
(Lotus: `build/builtin_actors_gen.go`; the superseded ones: `build/builtin_actors.go` and
`chain/consensus/filcns/upgrades.go`). Actors v8 came with network version 16, v9 and v10 with 17
and 18, v11 with 19 and 20, v12 to v15 with 21 to 24, v16 with 25 and 26, v17 to v19 with 27 to 29.

Surprising: a network may have run more than one bundle of a version, where a release was found
wrong and replaced, and versions 18 and 19 name the same code.
"""

from dataclasses import dataclass

from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import LocalFault


@dataclass(frozen=True, slots=True)
class PinnedBundle:
    """One official bundle: the code that a network runs at an actors version."""

    version: int
    """The actors version, for instance 18."""
    network: str
    """The name builtin-actors builds it under, for instance `mainnet` or `calibrationnet`."""
    release: str
    """The tag on the release page of builtin-actors, for instance `v18.0.0`."""
    manifest: Cid
    superseded: bool
    """True for a release that its network ran and then replaced within the same version."""


def _rows(table: dict[int, dict[str, dict[str, str]]], *, superseded: bool) -> list[PinnedBundle]:
    """Return the rows of a table version > release > network > manifest CID."""
    return [
        PinnedBundle(version, network, release, Cid.from_string(manifest), superseded)
        for version, releases in table.items()
        for release, networks in releases.items()
        for network, manifest in networks.items()
    ]


_CURRENT: dict[int, dict[str, dict[str, str]]] = {
    8: {
        "v8.0.0": {
            "mainnet": "bafy2bzacebogjbpiemi7npzxchgcjjki3tfxon4ims55obfyfleqntteljsea",
            "calibrationnet": "bafy2bzacedrdn6z3z7xz7lx4wll3tlgktirhllzqxb766dxpaqp3ukxsjfsba",
            "butterflynet": "bafy2bzaceba5qgs4z3imhlxwds5vamahngatvuuglbv5yl3ftfiosj6ud5chs",
            "caterpillarnet": "bafy2bzacebsdvrxmdajiyxq2mxxxppvg2zwvqjzz3pgbsxwh6pvdcjofpmnxw",
            "devnet": "bafy2bzacedq7tuibavyqxzkq4uybjj7ly22eu42mjkoehwn5d47xfunmtjm4k",
            "hyperspace": "bafy2bzacedvffumcvf72f2btjqvece3kpcdorxq5tq76iwcmqbzvsiu526cqm",
            "testing": "bafy2bzacedkjpqx27wgsvfxzuxfvixuxtbpt2y6yo6igcasez6gqiowron776",
            "testing-fake-proofs": "bafy2bzacecd3lb5v6tzjylnhnrhexslssyaozy6hogzgpkhztoe76exbrgrug",
        },
    },
    9: {
        "v9.0.3": {
            "mainnet": "bafy2bzaceb6j6666h36xnhksu3ww4kxb6e25niayfgkdnifaqi6m6ooc66i6i",
            "calibrationnet": "bafy2bzacedbedgynklc4dgpyxippkxmba2mgtw7ecntoneclsvvl4klqwuyyy",
            "butterflynet": "bafy2bzacec35by4erhcdgcsgzp7yb3j57utydlxxfc73m3k5pep67ehvvyv6i",
            "caterpillarnet": "bafy2bzacebsdvrxmdajiyxq2mxxxppvg2zwvqjzz3pgbsxwh6pvdcjofpmnxw",
            "devnet": "bafy2bzacedozk3jh2j4nobqotkbofodq4chbrabioxbfrygpldgoxs3zwgggk",
            "testing": "bafy2bzacecnnrmekqw2xvud46g3vo6x26cogh3ydgljqajlxqxzzbuxsjlwjm",
            "testing-fake-proofs": "bafy2bzacecql2gj2tri4fnbznmldue73qzt6zszvugw4exd64mwb52zrhv7k2",
        },
    },
    10: {
        "v10.0.0": {
            "mainnet": "bafy2bzacecsuyf7mmvrhkx2evng5gnz5canlnz2fdlzu2lvcgptiq2pzuovos",
            "calibrationnet": "bafy2bzaced25ta3j6ygs34roprilbtb3f6mxifyfnm7z7ndquaruxzdq3y7lo",
            "butterflynet": "bafy2bzaceckjhsggacixv2d377zfdcnuio4hzkveprio3xnhm3gohi3zy3zco",
            "caterpillarnet": "bafy2bzaceajftd7jawqnwf4kzkotksrwy6ag7mu2apkvypzrrmxboheuum5oi",
            "devnet": "bafy2bzacebzz376j5kizfck56366kdz5aut6ktqrvqbi3efa2d4l2o2m653ts",
            "testing": "bafy2bzacebsp3bkxwsijenqeimhvhtg52d6o76hn6qhzxveqfq7d5hdd5l2ee",
            "testing-fake-proofs": "bafy2bzacedwap2uuii4luljckrnb4vkur2unb6fyinn7xjie6xlva2wmlygj2",
        },
    },
    11: {
        "v11.0.0": {
            "mainnet": "bafy2bzacecnhaiwcrpyjvzl4uv4q3jzoif26okl3m66q3cijp3dfwlcxwztwo",
            "calibrationnet": "bafy2bzacedhuowetjy2h4cxnijz2l64h4mzpk5m256oywp4evarpono3cjhco",
            "butterflynet": "bafy2bzaceaiy4dsxxus5xp5n5i4tjzkb7sc54mjz7qnk2efhgmsrobjesxnza",
            "caterpillarnet": "bafy2bzacebexc2jgzwr5ngn6jdnkwdqwwmcapajuypdgvopoe6bnvp4yxm4o2",
            "devnet": "bafy2bzaceay35go4xbjb45km6o46e5bib3bi46panhovcbedrynzwmm3drr4i",
            "testing": "bafy2bzacea2vxre32tg3xhpejrktiuzx4d3pcoe7yyazgscfibmegmchr6n42",
            "testing-fake-proofs": "bafy2bzacecojemqglhzzhjnhgtrcbsgkyv67ziytvtbhwlr4ym4oxqofv7zui",
        },
    },
    12: {
        "v12.0.0": {
            "mainnet": "bafy2bzaceapkgfggvxyllnmuogtwasmsv5qi2qzhc2aybockd6kag2g5lzaio",
            "calibrationnet": "bafy2bzacednzb3pkrfnbfhmoqtb3bc6dgvxszpqklf3qcc7qzcage4ewzxsca",
            "butterflynet": "bafy2bzacectxvbk77ntedhztd6sszp2btrtvsmy7lp2ypnrk6yl74zb34t2cq",
            "caterpillarnet": "bafy2bzacebxiub6qsy67asvl5cx33x5vjbuqinalmf3xtnbmokxmmklzdkvei",
            "devnet": "bafy2bzaceasjdukhhyjbegpli247vbf5h64f7uvxhhebdihuqsj2mwisdwa6o",
            "testing": "bafy2bzaceaaxd6ytavsek5bi5soqo7qamezuqfyfjy42es2clpbzu3pwzcmye",
            "testing-fake-proofs": "bafy2bzacecver4l5d6jiuzubhrtcxjjfdx6jnxbmyp4bselol2atgkhz3e3um",
        },
    },
    13: {
        "v13.0.0": {
            "mainnet": "bafy2bzacecdhvfmtirtojwhw2tyciu4jkbpsbk5g53oe24br27oy62sn4dc4e",
            "calibrationnet": "bafy2bzacect4ktyujrwp6mjlsitnpvuw2pbuppz6w52sfljyo4agjevzm75qs",
            "butterflynet": "bafy2bzacec75zk7ufzwx6tg5avls5fxdjx5asaqmd2bfqdvkqrkzoxgyflosu",
            "caterpillarnet": "bafy2bzacedu7kk2zngxp7y3lynhtaht6vgadgn5jzkxe5nuowtwzasnogx63w",
            "devnet": "bafy2bzacecn7uxgehrqbcs462ktl2h23u23cmduy2etqj6xrd6tkkja56fna4",
            "testing": "bafy2bzacedg47dqxmtgzjch6i42kth72esd7w23gujyd6c6oppg3n6auag5ou",
            "testing-fake-proofs": "bafy2bzaceaf7fz33sp2i5ag5xg5ompn3dwppqlbwfacrwuvzaqdbqrtni7m5q",
        },
    },
    14: {
        "v14.0.0": {
            "mainnet": "bafy2bzacecbueuzsropvqawsri27owo7isa5gp2qtluhrfsto2qg7wpgxnkba",
            "calibrationnet": "bafy2bzacebq3hncszqpojglh2dkwekybq4zn6qpc4gceqbx36wndps5qehtau",
            "butterflynet": "bafy2bzacecmkqezl3a5klkzz7z4ou4jwqk4zzd3nvz727l4qh44ngsxtxdblu",
            "caterpillarnet": "bafy2bzacecr6g2co4zkdvrsbz2z7wh44o6hrl3rpbgnlhe52772hhjs43vxge",
            "devnet": "bafy2bzacebwn7ymtozv5yz3x5hnxl4bds2grlgsk5kncyxjak3hqyhslb534m",
            "testing": "bafy2bzacebgc3zha33w7wggshqjeeomjnxfsqdezpt6e5w4tcqnfp42hvhqyy",
            "testing-fake-proofs": "bafy2bzacebca2c7r6m47fv5ojbzfgqxw74zxyzphlkxigj75q7vobbe6vm4x4",
        },
    },
    15: {
        "v15.0.0": {
            "mainnet": "bafy2bzaceakwje2hyinucrhgtsfo44p54iw4g6otbv5ghov65vajhxgntr53u",
            "calibrationnet": "bafy2bzaceax5zkysst7vtyup4whdxwzlpnaya3qp34rnoi6gyt4pongps7obw",
            "butterflynet": "bafy2bzacearjal5rsmzloz3ny7aoju2rgw66wgxdrydgg27thcsazbmf5qihq",
            "caterpillarnet": "bafy2bzaceaw24gctg3dx6pzrymhggsp32c7mofjscwnylk4pzsqmilolygwhi",
            "devnet": "bafy2bzacedlusqjwf7chvl2ve2fum5noyqrtjzcrzkhpbzpkg7puiru7dj4ug",
            "testing": "bafy2bzacedio6qbcgxduz3y2zksor5dgyt3ieiugnugvsz6k2jdzwvugwahag",
            "testing-fake-proofs": "bafy2bzacea3jtzs4jz75ht3ncdyvabef4spz7w375ja7spp36yy3zwp5ji2wi",
        },
    },
    16: {
        "v16.0.1": {
            "mainnet": "bafy2bzacecnepvsh4lw6pwljobvwm6zwu6mbwveatp7llhpuguvjhjiqz7o46",
            "calibrationnet": "bafy2bzacecqtwq6hjhj2zy5gwjp76a4tpcg2lt7dps5ycenvynk2ijqqyo65e",
            "butterflynet": "bafy2bzaceda5lc7qrwp2hdm6s6erppwuydsfqrhbgld7juixalk342inqimbo",
            "caterpillarnet": "bafy2bzacedrq643mgak6w3nbmz3wvcgjrirdoq7y6l3xgwijgirffgaxf6yqg",
            "devnet": "bafy2bzaceclp3wfrwdjgh6c3gee5smwj3zmmrhb4fdbc4yfchfaia6rlljx5o",
            "testing": "bafy2bzaceazq2v3l6w2vhch76v5y5krsif5zf65ctega6bll6yrsxavwoyrf2",
            "testing-fake-proofs": "bafy2bzaceaauqnw45yfi6lh53gzxzx47tabzh7zart6eqr3eojp72vtzgs6tg",
        },
    },
    17: {
        "v17.0.0": {
            "mainnet": "bafy2bzaceai74ppsvuxs3nvpzzeuptdr3wl7vmdpbphvtz4qt5hfq2qdfvz3e",
            "calibrationnet": "bafy2bzacecn64rlb52rjsvgopnidz6w42z3zobmjxqek5s4xqjh3ly47rcurg",
            "butterflynet": "bafy2bzacedzjwguwuihh4tptzfkkwaj3naamrnklbaixn2wfzqh67twwp56pi",
            "caterpillarnet": "bafy2bzaceautgoa57hap6oflau5du3d2hwgk45c76muyyxuqaj6amak2znllq",
            "devnet": "bafy2bzaceasvgkke3j4cs3xsxnjswpcdmokkvkiehzxzcgfox3ozlehimbuqk",
            "testing": "bafy2bzaceb2ca5dv47npgrjww4aga4fvlvgykf34b7aq4ti5gfs2qqj2eif4w",
            "testing-fake-proofs": "bafy2bzacedws3pjlpe4zm3pkgjvu6uovegk7osexwlpwkevkqulhqqqkic6b2",
        },
    },
    18: {
        "v18.0.0": {
            "mainnet": "bafy2bzacedxsqapxwj5znwy4leem5gsuenhhfyqcntews3yis5iek67thy6lc",
            "calibrationnet": "bafy2bzacebkfatnbe6w4rj7lf6gkjh7mywlrpdh2dj6hu2dl4rmtwksszm2hs",
            "butterflynet": "bafy2bzacedg3y3ylp3w4bqmfgyiasrikg3bgfibblc7o4gri3b7j7ftgjhyuu",
            "caterpillarnet": "bafy2bzacebmy7xg5qcvxnlnu7vg32hdmgdn4jqljwnazdeetitesbovnlnctw",
            "devnet": "bafy2bzaced35gjxagazf2fne5dakbok5abmivsh7cq7huwfuptebgwjmcpcf6",
            "testing": "bafy2bzacece6i7k26rjexzyedrr5qcag7xdntw72tdsealzy6qqdrankk4a7g",
            "testing-fake-proofs": "bafy2bzacebhqxufvuk42n44l2h3ilek5jrp7lgdyapnyu76j5ocgi5koxkh7u",
        },
    },
    19: {
        "v18.0.0": {
            "mainnet": "bafy2bzacedxsqapxwj5znwy4leem5gsuenhhfyqcntews3yis5iek67thy6lc",
            "calibrationnet": "bafy2bzacebkfatnbe6w4rj7lf6gkjh7mywlrpdh2dj6hu2dl4rmtwksszm2hs",
            "butterflynet": "bafy2bzacedg3y3ylp3w4bqmfgyiasrikg3bgfibblc7o4gri3b7j7ftgjhyuu",
            "caterpillarnet": "bafy2bzacebmy7xg5qcvxnlnu7vg32hdmgdn4jqljwnazdeetitesbovnlnctw",
            "devnet": "bafy2bzaced35gjxagazf2fne5dakbok5abmivsh7cq7huwfuptebgwjmcpcf6",
            "testing": "bafy2bzacece6i7k26rjexzyedrr5qcag7xdntw72tdsealzy6qqdrankk4a7g",
            "testing-fake-proofs": "bafy2bzacebhqxufvuk42n44l2h3ilek5jrp7lgdyapnyu76j5ocgi5koxkh7u",
        },
    },
}
"""The bundle in force, by actors version, release and network."""

_SUPERSEDED: dict[int, dict[str, dict[str, str]]] = {
    12: {
        "v12.0.0-rc.1": {
            "calibrationnet": "bafy2bzacedrunxfqta5skb7q7x32lnp4efz2oq7fn226ffm7fu5iqs62jkmvs",
        },
        "v12.0.0-rc.2": {
            "calibrationnet": "bafy2bzacebl4w5ptfvuw6746w7ev562idkbf5ppq72e6zub22435ws2rukzru",
        },
    },
    13: {
        "v13.0.0-rc.3": {
            "calibrationnet": "bafy2bzacea4firkyvt2zzdwqjrws5pyeluaesh6uaid246tommayr4337xpmi",
        },
    },
    16: {
        "v16.0.0": {
            "calibrationnet": "bafy2bzacebc7zpsrihpyd2jdcvmegbbk6yhzkifre3hxtoul5wdxxklbwitry",
            "butterflynet": "bafy2bzacedn2h6huw7v2elmmdmpv4phdv4wjwgct7kcrrtdgz7jkjdm6uwa6k",
            "devnet": "bafy2bzaceafzrqb6adck3o3mbyd33gtp2272f577hidqyo7cszg2ksn5sebh2",
            "testing": "bafy2bzacea35za4a3ljlupfn2wxdzwz5py6vbu267s5p4p4uvdoqyhhggbbfq",
            "testing-fake-proofs": "bafy2bzacec4tth5r62ny75wt27tyzgzc4nc3zte6cxainlrxs54g7yvmlezs4",
        },
    },
}
"""Bundles that a network ran and replaced within the same actors version."""

PINNED_BUNDLES: tuple[PinnedBundle, ...] = (
    *_rows(_CURRENT, superseded=False),
    *_rows(_SUPERSEDED, superseded=True),
)
"""Every official bundle that Papyrus accepts, those in force first."""

NETWORKS = frozenset(row.network for row in PINNED_BUNDLES)
OLDEST_VERSION = min(row.version for row in PINNED_BUNDLES)
NEWEST_VERSION = max(row.version for row in PINNED_BUNDLES)


def pinned(version: int, network: str, release: str | None = None) -> PinnedBundle:
    """Return the bundle that rules the network at this actors version, or that release of it.

    LocalFault where no such bundle is known.
    """
    for row in PINNED_BUNDLES:
        is_meant = not row.superseded if release is None else row.release == release
        if row.version == version and row.network == network and is_meant:
            return row
    known = ", ".join(sorted(NETWORKS))
    raise LocalFault(
        f"no official bundle of actors v{version} for {network}: "
        f"Papyrus knows v{OLDEST_VERSION} to v{NEWEST_VERSION} for {known}"
    )


def pinned_by_manifest(manifest: Cid) -> tuple[PinnedBundle, ...]:
    """Return every version and network that this manifest was released for, or nothing."""
    return tuple(row for row in PINNED_BUNDLES if row.manifest == manifest)
