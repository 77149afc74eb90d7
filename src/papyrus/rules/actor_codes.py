"""The code of the built-in actors, release by release: facts of the published bundles.

A state names its actors by the CIDs of their released code, whether that code runs or the same
actors written in Python. So a new network needs the CIDs even where nothing was downloaded. Each
table is in the order of the bundle's manifest, which is consensus.
"""

from collections.abc import Mapping
from functools import cache

from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import LocalFault

_CODES: dict[int, dict[str, dict[str, str]]] = {
    17: {
        "butterflynet": {
            "system": "bafk2bzacebiwv5xckqaesetmfyvvptoscnzy3mh3vdbwvmhz5mf5cn3idi3wc",
            "init": "bafk2bzacebd5bwoxsktpxvmlbi4kzwkiqtte7axyxt2kew4fgrglyvy7sodrc",
            "cron": "bafk2bzacea4mconfwssrytrhiwngqhraay3hn2f2mmnzs3f6x7t6st6jjskg4",
            "account": "bafk2bzacecsyxlh7dvr5zkwnrqm72mgwnserkt7moaut737tig3pbkgtnw62o",
            "storagepower": "bafk2bzacebye45hai3qedkqyr4r26ywupslx6hu5a2q6ewdg2tlxbf5fzes5y",
            "storageminer": "bafk2bzacech2msfuf6mnbde5r5mrggftzsyg4k7g7cegltqooyuo4pp7kusp4",
            "storagemarket": "bafk2bzaceblxfbbumzr2f5ehirtx2rgvgawebdxwra3okfpradd5os2kye5su",
            "paymentchannel": "bafk2bzacedrrz47xktsdmpysm42rptqzdt7lqtbsbvtatac2axead4bmlncvk",
            "multisig": "bafk2bzacea6lwslarfsjcwptiaca42cyccrehbowgstwkgnxh77qp5zda5jza",
            "reward": "bafk2bzacearim4ftupnzlfz7h6feozr3yymtyacs4ahdwfjqjceilhdhzr2bm",
            "verifiedregistry": "bafk2bzacechruhdcrrx2ixvfu6daewg2s2iq2rrowv54fah53qjarmco7c3xa",
            "datacap": "bafk2bzaceccqejcvj6ip5xpcqr3fosc5sgue4ro6gi63j55itd2hczzawotxg",
            "placeholder": "bafk2bzacedfvut2myeleyq67fljcrw4kkmn5pb5dpyozovj7jpoez5irnc3ro",
            "evm": "bafk2bzacedpxvlqericktqetgjkgsjsfaijwcbdcxqn2nmenxnlfrxirwgd7y",
            "eam": "bafk2bzaceabxund5zkqtgdwzjkcqnl25mjuzr3icodj7kgsvpt6oakcscb264",
            "ethaccount": "bafk2bzacebmtjmyzm6f6w33vmoq6iwrffqh6jgtgexj4mpm74j6dqvwnq3576",
        },
        "calibrationnet": {
            "system": "bafk2bzacedpinxovq4t5gmfujbneso2kbx7iioth5d5xq77zwunbciv2qrd52",
            "init": "bafk2bzacebfiyegcp2fznxfqq54uailxbl3tdbmhbvvs2vh5ae762fmqkwv7s",
            "cron": "bafk2bzaceazbbv7qbk62vq566upifu4inskuaezs2xs2cqz2mkpsqibgtcc3y",
            "account": "bafk2bzacedfxgwdy3aoxwbwiyet5qwvfxiy5dl3gixy645dwsasm62tpzdojk",
            "storagepower": "bafk2bzaceapkzfytgd5omzirgqxbbfaadl7q6tvrjfjfkn436b4q3fpugu2ra",
            "storageminer": "bafk2bzaceaxel7kdtfa5ca24zxkingzx5xu2a7mlydlv7m3yzkqhkwhds7wxs",
            "storagemarket": "bafk2bzacebon5456ycljttgyqpva7ueilzmue74puotbgrjls4yyjwcs2ceju",
            "paymentchannel": "bafk2bzacecudlzl2infgft4rxwwvsovts23ri2gi7dbfcblw2uny4y7rcjuni",
            "multisig": "bafk2bzacecmjfy72xhq726aewdcg5n2ospadxdhvisnclx43ujrg65ujrjwtq",
            "reward": "bafk2bzacec4m3uwy4yjqfnxl5nfnn4xb3vgflneutunoktjuutx2x2lf753z4",
            "verifiedregistry": "bafk2bzaceaiz5e2a2bpg55ry24zevr7azfbtce3r5mannljybx5hjj6ebabxo",
            "datacap": "bafk2bzacech7znr653kq4ruwk3mypjwz6nrcwqksq2eg3atf6fcxhk5asuovg",
            "placeholder": "bafk2bzacedfvut2myeleyq67fljcrw4kkmn5pb5dpyozovj7jpoez5irnc3ro",
            "evm": "bafk2bzacecj6erwjsemkinlja2nwq3bwjbr7jvhde4hbeljsbocl7msygujti",
            "eam": "bafk2bzacecnhhjdvcqhkp7wnzkqrhycpvhto5pmfecoh2t77d74enr2mtfgdo",
            "ethaccount": "bafk2bzacedpyyjlmjch7q3auw2gfvmopfhntmgpnprr5nsgemfykvvplnnpyy",
        },
        "caterpillarnet": {
            "system": "bafk2bzaced5r3yb2ecdlvy6it2ip7koie3ksytk5rf6n3fuyryc2qschziiry",
            "init": "bafk2bzaceb7qtumx3vqj3bochfoqmmwwu7frav2t4zc6rxzmxrdbsftxxdclc",
            "cron": "bafk2bzaced3etjj563jjy44tijv4wi5we7lrgg4fbdodsvab3icqcgfrlfic6",
            "account": "bafk2bzacedzet2d4lrbm5x6q6sxpg5gewvlhdboepo2v42wgynwfjzxqhreeu",
            "storagepower": "bafk2bzacec3uuwsvlnfjjgrn3w35iddktkqgbhmn5jj4ooii6nbc2pco55nxu",
            "storageminer": "bafk2bzacec2nef2ge4spnj5uwihwv2ib3p36wpph6qanjkij2jdvi2scpwl2i",
            "storagemarket": "bafk2bzaceanhe5lgd37seiviik4iusenf2il4zw2ffpuib6go6jn2hphcdvde",
            "paymentchannel": "bafk2bzacecc5p4rxbhwehbaau5sbtfs6v4mkdl5os25ltmdd73ra4v2qbvvsg",
            "multisig": "bafk2bzacecutfzgvwemyhlgiaz43ytzyjp6bnhd5bqmogeqvrikx5fhvm5xii",
            "reward": "bafk2bzacecy4u3xsgyup7bbhim64ms5gwhtfifhokj6tjx7yz2sa7aa4mw5ci",
            "verifiedregistry": "bafk2bzacedy5cpkbmrcblcpvz4t4rkuprxdp42xy4ncwid3nq6ecej2qsglbs",
            "datacap": "bafk2bzacedcvaklewpo6mvypyftetdyxrcqo4cojnnrqgztfuhpopzx6ogqn2",
            "placeholder": "bafk2bzacedfvut2myeleyq67fljcrw4kkmn5pb5dpyozovj7jpoez5irnc3ro",
            "evm": "bafk2bzacebkkx6iixnxhjvhdj6ye33atsgiolvz6okrpoyq3zii5wveb6iugm",
            "eam": "bafk2bzaced7wsb7fqifaba327lxn32mqugowih4qvlh7lphzhkku5fua2n45g",
            "ethaccount": "bafk2bzaceabjp5kyetnuhpubqiw5omzutdsxdqrxpncyjyz5vtzrnbqisouqs",
        },
        "devnet": {
            "system": "bafk2bzacebepha7cbha4yxlbouw6nn6lj55g3lyxjipdgs7ge3kzn7snlche6",
            "init": "bafk2bzaceccs75hxap6gcyqxzuyouskj3aaq3iotobelo7zgnlwniq52cpck2",
            "cron": "bafk2bzaced4dannurcuwpn4t4nufoi3a34rgfd37qzqtt3vhejeavzobc3zlu",
            "account": "bafk2bzacebaypq6rlsiz75i3pehycyj7azbkafrnslsbfj7qz2moglqvw3j7y",
            "storagepower": "bafk2bzaceal437l2hwjynf3pzvjbtnwlqn7p5gibdf7rkrauk6cnnwez7jtmw",
            "storageminer": "bafk2bzacebz6pb4vdnl74oekr53zui3mgnonzphlul7uzvsmxcles54f6pebg",
            "storagemarket": "bafk2bzacedw3efzrlhmxna3yc4lnrbpiru6az5eot62irtvl7jzcwb5cfqqra",
            "paymentchannel": "bafk2bzacedy3vcz5dqdvzhemvw72lhgsbtzik4sjmk6x5ddsw6xgxxh53kywo",
            "multisig": "bafk2bzacedh5u5kmprztmjvprxs7cbhqgtxbikkoftk4caozszdabcnbvosas",
            "reward": "bafk2bzacectjhaxiy66w732cjhrciiwju7lslwii5txihqpmtbldmi2dsxo4w",
            "verifiedregistry": "bafk2bzacec2jq75qmygdzgsbdilsfb6km2k2zko2gtcupnsexm7nt7lpwzk5e",
            "datacap": "bafk2bzaceab2s2lw5reanpb4snxlwp3gxnbia3zgrfjz4uhdfco2v3uvtvm7o",
            "placeholder": "bafk2bzacedfvut2myeleyq67fljcrw4kkmn5pb5dpyozovj7jpoez5irnc3ro",
            "evm": "bafk2bzaceczoujfzxbd545thqczctcfza44marpmy2w3ykdw2tjatvwjd553i",
            "eam": "bafk2bzacedfkflqrpu2rrel25r7qxeadfkl2wj4nicd3lam762zwcgfgbpswy",
            "ethaccount": "bafk2bzaceavjbtw4kchzkl3ev5f5gtvj47kmrcnm5p5qp2q7djb7gehqphbna",
        },
        "mainnet": {
            "system": "bafk2bzacebf4et7elmttbioggwlpmsjhplcnzfxtmi4lnbtqr3f6tzuwsoj2a",
            "init": "bafk2bzacecp5go2numz52kerspigi2e3rygesaqeqhn4gegmfgr5xoon73sde",
            "cron": "bafk2bzacea74gcozu357t22lm6t7n7jxsv7buz2quurhtjzz6s7tkxyyfrve6",
            "account": "bafk2bzaceb4as5yyhjfkvxgooum37uvm5gbjr4dtbpxmqnpvvbjfpu5qouii4",
            "storagepower": "bafk2bzacedyhaec4jvpdmaas6pgtoj7zkdlmdpljz7yjwjqtkfmwv7yb5invw",
            "storageminer": "bafk2bzaceautzxqsrstcxerpxtykn4syogslbiwpsfoh562jex262vxeluc4w",
            "storagemarket": "bafk2bzacebsnn4nk5crrlrvhg5vdpaxsrs4r72etaofxdi7tucr72om22z6a4",
            "paymentchannel": "bafk2bzaceavlvljdoww4v3bp225p6lurcxtdsub4rg33ee6xhvhkyyysnenac",
            "multisig": "bafk2bzaceblf5vqw4dwjueoetgawhg7t6he7qhdnfy3shf7ufnfv4mkwchgbm",
            "reward": "bafk2bzacebezdh75otifygspbfymgeipv34v6feti5xylrxt7xetu77pisnym",
            "verifiedregistry": "bafk2bzaceak2iqpfy4hw6xyyrf7c4yfh7pl4copzm7t63mokecsxfcnybxnd2",
            "datacap": "bafk2bzaceakb5v267o4y6jq3vao4b5c63sjjk3sr2jgjoabtze7ygcvbpvc6i",
            "placeholder": "bafk2bzacedfvut2myeleyq67fljcrw4kkmn5pb5dpyozovj7jpoez5irnc3ro",
            "evm": "bafk2bzaced5i2jt5t4f5gplsfb5gogjl5tknvhvsssgyj75on3g6ds36yy45y",
            "eam": "bafk2bzacecp2lpiqfjeiulrgor7g6zx4boo2oobjuyuxvtoqya46ljm6gkgci",
            "ethaccount": "bafk2bzacedgl6zt7d2ointmeyqrdwkehpi5w5rk3smsemrwbf3v5gc2wx7qfy",
        },
        "testing": {
            "system": "bafk2bzaceat7lcfpfwyxl6nrrwwuvlsp3omkv4wuefxhkemy75m7hp2wpol7u",
            "init": "bafk2bzacebrjrjtqpcekigpv2ljisuk6n6avblrpucgughwkkwq6fydyyd5gs",
            "cron": "bafk2bzacebl6xz5qe544trks2k76x7miynxwty6k43ddulc3e4xl4qqmtxwau",
            "account": "bafk2bzacea3oxfxsrpqotwb75t7yzp4ckmdna37bpw6e5p2u3lpxyd7whremy",
            "storagepower": "bafk2bzacec22kb4u4a5yeqpjak2iqur4gkvxy3m2qw7izw3pcikmkz33kok6g",
            "storageminer": "bafk2bzacec4aeqrvqnqejgkhl5vjcxxfxj2erklbnoggyqmwcthz2j7jyh6y2",
            "storagemarket": "bafk2bzaceczasjfmbrwksy3ogqjgfdol7ewwlrtg2hsgtcg45kpajlgonhdzg",
            "paymentchannel": "bafk2bzaced4vcmxregfzj2fhxdyajfc6uwobm2enkkyh7x43moqcapgibwyg6",
            "multisig": "bafk2bzaceaga54bfez34w4uo4fqcxpssc7w35gkxzex7zv6zizh3gkkaclpte",
            "reward": "bafk2bzaceceupxcued3iz6q2fyblieywbqcjcavcetocsm6cons65gg3qw462",
            "verifiedregistry": "bafk2bzaceaww7mr25wamfy3rwqkiqxkta337udxlqvsbzevj6dju2mucahnls",
            "datacap": "bafk2bzacecvgneqluypscvzgnnouh5p65gfggsxfzojarom53w5x76fpdmeiy",
            "placeholder": "bafk2bzacedfvut2myeleyq67fljcrw4kkmn5pb5dpyozovj7jpoez5irnc3ro",
            "evm": "bafk2bzacebj5lb7mnbtf2t3akkezlbh6dl7m6xpmthwvsx3aknaqg7tui74kc",
            "eam": "bafk2bzacec6lwhgz2ygz2xywtnmpfpskjh6ejjwya6iule6jmxboonkf62t7s",
            "ethaccount": "bafk2bzacedfnemnnwp2w27ffrgpjewiuggrocngsdbjznuelkeeq4xc2ybhtk",
        },
        "testing-fake-proofs": {
            "system": "bafk2bzaceat7lcfpfwyxl6nrrwwuvlsp3omkv4wuefxhkemy75m7hp2wpol7u",
            "init": "bafk2bzacebrjrjtqpcekigpv2ljisuk6n6avblrpucgughwkkwq6fydyyd5gs",
            "cron": "bafk2bzacebl6xz5qe544trks2k76x7miynxwty6k43ddulc3e4xl4qqmtxwau",
            "account": "bafk2bzacea3oxfxsrpqotwb75t7yzp4ckmdna37bpw6e5p2u3lpxyd7whremy",
            "storagepower": "bafk2bzacec22kb4u4a5yeqpjak2iqur4gkvxy3m2qw7izw3pcikmkz33kok6g",
            "storageminer": "bafk2bzacedx2qvy3um74wy7i26wlwd5e5t4hioi62qi7zmf43zzwvzsiqb7a2",
            "storagemarket": "bafk2bzaceczasjfmbrwksy3ogqjgfdol7ewwlrtg2hsgtcg45kpajlgonhdzg",
            "paymentchannel": "bafk2bzaced4vcmxregfzj2fhxdyajfc6uwobm2enkkyh7x43moqcapgibwyg6",
            "multisig": "bafk2bzacebre42lluwobcqervoq2d6m3goh6olcqzyy7rcdqb6rhnfzomzjx6",
            "reward": "bafk2bzaceceupxcued3iz6q2fyblieywbqcjcavcetocsm6cons65gg3qw462",
            "verifiedregistry": "bafk2bzaceaww7mr25wamfy3rwqkiqxkta337udxlqvsbzevj6dju2mucahnls",
            "datacap": "bafk2bzacecvgneqluypscvzgnnouh5p65gfggsxfzojarom53w5x76fpdmeiy",
            "placeholder": "bafk2bzacedfvut2myeleyq67fljcrw4kkmn5pb5dpyozovj7jpoez5irnc3ro",
            "evm": "bafk2bzacebj5lb7mnbtf2t3akkezlbh6dl7m6xpmthwvsx3aknaqg7tui74kc",
            "eam": "bafk2bzacec6lwhgz2ygz2xywtnmpfpskjh6ejjwya6iule6jmxboonkf62t7s",
            "ethaccount": "bafk2bzacedfnemnnwp2w27ffrgpjewiuggrocngsdbjznuelkeeq4xc2ybhtk",
        },
    },
    18: {
        "butterflynet": {
            "system": "bafk2bzacea6vrssdwp3gc536tvxibmosllnpktewy2r733xi5nodlnnauvihq",
            "init": "bafk2bzaceazbtzz2wwgokov6jtpnabipd2tpdiwyle36ld5qjuhqzsnxn6iwq",
            "cron": "bafk2bzacedzo2d6aqftibnos3oueax7pr7eo2bfaehx3rezjcvpyvk7jsbzvw",
            "account": "bafk2bzacebci6wtuc2jggcaktwgqamzbktnxfzychqzcuadzb3skg3u7k3e2c",
            "storagepower": "bafk2bzaceald47xr65bvsxltqohps3h35stzxmwmunjz7t5veeae5zszkct3w",
            "storageminer": "bafk2bzaceamzmhgsasj2mjdff4qp3tv2yxy3no5szjhudlxwhy62s3ikyc7sq",
            "storagemarket": "bafk2bzacearomf5dpagrjvucps24xbrg3qiakoll7ek3dni55agzk54o763as",
            "paymentchannel": "bafk2bzacecd46rxivlrxmbgnbs63amzglwpsniwu2sjchk4na3wcajjgewz32",
            "multisig": "bafk2bzaceb4cqewjdq666lacwfs4xq4hbzs6nuei5evbbilpm47lgxs42jczw",
            "reward": "bafk2bzacec4wnsoghsr6pdc6ka3umlmyiu2epijcefn3o6i3assvl2cto62e4",
            "verifiedregistry": "bafk2bzaceb7sq2jmq5ihkdj7r25hwjff2vymoclxmolytw75n2iz3d67cbw2y",
            "datacap": "bafk2bzacedwzf3egvd43ae6gkt6ivbqtd353b23kfcqwoxhjaitrflmzf4zci",
            "placeholder": "bafk2bzacedfvut2myeleyq67fljcrw4kkmn5pb5dpyozovj7jpoez5irnc3ro",
            "evm": "bafk2bzaceappagxwpuhux3bfjjzizcxbbxjmccpunmg6j7eb5z5jkcd2yyc46",
            "eam": "bafk2bzacedouiswydbrzhf22vchcskvl2fbwcsl6p3o2a76jdue5frv7nfco4",
            "ethaccount": "bafk2bzaceaukqla2ayv7k4caeyi6jlqhuxjoaxeojrrso2toexrjnrmyilq4w",
        },
        "calibrationnet": {
            "system": "bafk2bzacecq366vuipuunlityjeaj7q7iexemcpkv7b5netouxcow4qr4cr6c",
            "init": "bafk2bzaceckaapwi22d56nqlnieqapwaqmicv7oqtbuowa4vfrckqr465eank",
            "cron": "bafk2bzacea6qt5zk7n6z3xg3mn6rbd54ijnzqkz7mdt4vinjclylgp44unau6",
            "account": "bafk2bzaceaaekrmq3cqnzokwmuksgr7vqgslpm67blh3fhj4cwgnk5vgoksam",
            "storagepower": "bafk2bzacec44gnb4mttxdquf4v565figj5l4oquggy5eoftwgdvvsmeeqhtnu",
            "storageminer": "bafk2bzacedmjs2a62u5isgkewjaik6zxq3obrowalnb2vvkmipomro2rvesh2",
            "storagemarket": "bafk2bzaceabzd7bytvpvamtunoqsbjlhhtu52vrshvel4hc4i7p52qkzuuubk",
            "paymentchannel": "bafk2bzacecycr25bi4fqwpkrkyiarch3qlhakt6l5linxrs4vpjzv5a3a55rg",
            "multisig": "bafk2bzacechrsbw65ojbktr63swju5g7275fl3lxminrz7damr4me6wq6fjxm",
            "reward": "bafk2bzacebr7cct7gottmvpd4ye5av5rbeoqhhlniyizu3tdoia2v3jzgzib2",
            "verifiedregistry": "bafk2bzaceb6slpid3f7miqz6kylytd2azlngbce2jsa7p2cos3ejnixxat5cu",
            "datacap": "bafk2bzaced6f3eomhaanxsrgwxp7oienjh7baramvz42kw5swszcpo44gay5m",
            "placeholder": "bafk2bzacedfvut2myeleyq67fljcrw4kkmn5pb5dpyozovj7jpoez5irnc3ro",
            "evm": "bafk2bzaceb63lj5qyx6hrtagl4mlqla6rb2ligpeglurhfvn2avubim62oyxc",
            "eam": "bafk2bzacedwo54emfh7xdayrnojvbighqdwvqcmaatovcnvfm3b3oouwpdzi6",
            "ethaccount": "bafk2bzaceduuafkwihklhnrwrcjvembs2t24mayoy54dy4pw65tnozzqikdbs",
        },
        "caterpillarnet": {
            "system": "bafk2bzacedowfxobwh6hpgnneiok6faeg57u23prs5nqckcvoxxf23ogly5v2",
            "init": "bafk2bzaceazyfbcecifsvzr5vlh62rfjpo6ennlpccndbloqu7lx3tqce355m",
            "cron": "bafk2bzacedvvrkrb5x2p2kk644ywgowrvjkq25qpp2p2rqdhxlnfosaiesbny",
            "account": "bafk2bzaceculmwovsndcisrxwzvwrcrm7zsspl7lwaxmzlclpdn5mamz5xqik",
            "storagepower": "bafk2bzacec5nrlbxyxzsb4agj2ylc6ku2vl5rp3yd5xybootpnal2joi56j5y",
            "storageminer": "bafk2bzacebpiw3rfzik7cez4lwzyrarkx5pjsiewj6lp3kis2ptqkx6bvzpze",
            "storagemarket": "bafk2bzacecskf265m2orifu2koltk6mgdbqikonhgayrtarbf4pp66t6yvecy",
            "paymentchannel": "bafk2bzaceatajky5e5t4rjbtejtvo3lqkc5rqi7jwp7ei2plb4lzs6sxbr6rq",
            "multisig": "bafk2bzacedg7hfeh5v5pviwnrbbb4x2ovolflwdozcgln2jh4tzhhyvoiy5ig",
            "reward": "bafk2bzaceaxznzzcpwbfdstco2dkfytnysicw3mbhorex5xr7ku3ui2kkpciw",
            "verifiedregistry": "bafk2bzacedc3ugzl6p2kfca6hvry57xnozyrntnwvxa3tjme4b3nk5awnlh5w",
            "datacap": "bafk2bzacedij2swyoaooo4vuxh5mms5urthtvzmzghrzgj7op5voh7wqxcl7u",
            "placeholder": "bafk2bzacedfvut2myeleyq67fljcrw4kkmn5pb5dpyozovj7jpoez5irnc3ro",
            "evm": "bafk2bzaced5qbpgdxajaemfjpuc7npbhpayz2aopsstg7aahxuxyj2lmospis",
            "eam": "bafk2bzaceaxrmflse5homjr34xoo6p42wjovmz2ri3ppon2sz2b5jxu6s3ejk",
            "ethaccount": "bafk2bzaceakk5ssokrr5p6ad34zzcamoaiukufblimhfckp7ntsbe57rfbug2",
        },
        "devnet": {
            "system": "bafk2bzacedced5maxljwmavukjvtnmknpzoullfcwk3upaz5x5hvvdl2pk24e",
            "init": "bafk2bzaced23vlf6nemlulavy2ouxuvudxe3jbu4klc74tcgruafrqu2fnt3c",
            "cron": "bafk2bzacedrv5m6tczd6dz6ly3zmenkljnokovduvgkbmgxvsawbalerciieg",
            "account": "bafk2bzacedpmhtrp2kdjoga2phrbi3f7z7wn25s3tluxoagcu7hsg2ppktxbw",
            "storagepower": "bafk2bzacebydegz3ap6xgejojdu3usfddhyrj476f25ooahgcqko6d7djynas",
            "storageminer": "bafk2bzacedhvcxgdz2w75izwa5s5dwvsrxsnzkjcbpbresziyrrjrsvjzwvxe",
            "storagemarket": "bafk2bzacecjrg6jueodndhwtkaa3n2v2tkjakmzu4c57hrhg5ige4d4kjggcg",
            "paymentchannel": "bafk2bzacecf3jaqzs757hmyxpthnj7vaxr2z6h5v6yubptvqasgabxiubeoim",
            "multisig": "bafk2bzacecquc4zxikmjfwsiyzx4tbxlsvauf53c7spf3hdz6jwmkczyqwbrg",
            "reward": "bafk2bzacedchalmz2omgitfunbqg5opzcvrlvju77k6dr5zt2poyy7jjzkvwa",
            "verifiedregistry": "bafk2bzaceccqnqgyehy72nkmujvpyibikslvpyxfhpqivzjmbkmdbme5xzm2u",
            "datacap": "bafk2bzaceamho7atkl2a7c3m3t24v6tf3wzceaewp3ph6rjmwza3xdy3gmqb6",
            "placeholder": "bafk2bzacedfvut2myeleyq67fljcrw4kkmn5pb5dpyozovj7jpoez5irnc3ro",
            "evm": "bafk2bzacec273j42hyrcaeqms6xuuezkozjhptmyniwtr7y4jzjdoflccn2is",
            "eam": "bafk2bzaceaxpy4ilqlibpgytnt5ucmju2ooi3bqwca6dngwy6hlzmshyjpafw",
            "ethaccount": "bafk2bzacedsbwrrjywdmxeluuzwfhmam2jmrm6ivj72ggw6qaijcx7ilw5fvk",
        },
        "mainnet": {
            "system": "bafk2bzaceb6wbrd6oqnplfdawnu6n27gwwajtfj4xjq3k54uq77ynniniyzce",
            "init": "bafk2bzacedrpq4kw6x7cq72w4g4fw56wj6ml4b3doeay6jyivm4dhkxijbe62",
            "cron": "bafk2bzaceakrzoywbqj4wrjyo33azrpozkn2rwb7qidfmsda42zpyqmiohn7o",
            "account": "bafk2bzacebt5o43hdveql4tqrnr7bg62by3d336ddsfl3l72xedhlsrbe6nia",
            "storagepower": "bafk2bzaced6wh6odb572jjegr6vxoukzfblp7vogipaub5rsljbpo5mo35a5i",
            "storageminer": "bafk2bzacead23tnh3ywx2cwudftngssfjgptsvr3nao7xv6mcfot7gvju4bak",
            "storagemarket": "bafk2bzacedddzlqirkt63auacz4eogkswfjhbayc4mlrsvsxix4kbnj22mjmy",
            "paymentchannel": "bafk2bzacebuw6l22xfht4gv4q5ltk66sy6ibp6ou63wvy6zaiyzievu3cl4v2",
            "multisig": "bafk2bzacecgyiuanstjcdo43xkax274hmyyfiw7ju44uvcyreayonp7r3fmls",
            "reward": "bafk2bzacec53jz3itt55424ebyn2ea3rc62zvyyrnscx3gkv4ulw2hholxiii",
            "verifiedregistry": "bafk2bzacebnep6ruikyegl6jo6jdd7dmrk2vrk4xmywoq2g6ps5tmvutu3zbe",
            "datacap": "bafk2bzacedc2r4rf2cnofn5zhnxawhkn445hqgiptfsd4746ejnkmga4uz2ze",
            "placeholder": "bafk2bzacedfvut2myeleyq67fljcrw4kkmn5pb5dpyozovj7jpoez5irnc3ro",
            "evm": "bafk2bzacea57ib7fosqleehx5z6uvockk3xk5wqycmge5m4rfq4ptr7xrkfsi",
            "eam": "bafk2bzacec4bwptvkfvc22s2pqm4zdv77aorypuykq33dwlbmguc5tlpsuexw",
            "ethaccount": "bafk2bzacecb3ebhbvmyaf5lhvdolndxfckuoxugs6hswoapxwacye7hax75ou",
        },
        "testing": {
            "system": "bafk2bzaceboflgwz425do6punhi4rdeqryc7vf7bf4cjabivzyieki5jqnc3i",
            "init": "bafk2bzacecvhl2ub56olwpxkfn466mllt4rlzcpwfjwo24m72myq4rmsmp3jm",
            "cron": "bafk2bzaceaj2gxrxect3osfwralk7ndhz3rzy7ybz3rlxdnqmgfjm7o47n7sm",
            "account": "bafk2bzaceb7qdzbji4msh3tyi3hqylly3ao77svv2243sjzwssfxo6dzdhxmc",
            "storagepower": "bafk2bzacebfp3mye2ic3gzmqfsipwci5jekkzbud5tdqb47gvwqhucd6nlnkk",
            "storageminer": "bafk2bzaceaxfll3kmvqwq2bsyxpo5esfmmvdjjkuwk4ddp3rfveguri3j3or4",
            "storagemarket": "bafk2bzacecp7lzrz7uvvn7jhi3frgq2xbd3fc2zlk2xrrqkdcpnp4iibwkdr4",
            "paymentchannel": "bafk2bzacebt2bhrmo55gkdeyil5bdmy5xo2i6ga4uyvriw7yiqsslro6gpco2",
            "multisig": "bafk2bzaceblkw552meemag3a6hmdlk4jjrmbfnvtfrvmmd6nvafuiwxnu3jck",
            "reward": "bafk2bzaceadirgwrviw62skqu32xp4ddozk44gmkb7jh4fas6ppzg2edzpguo",
            "verifiedregistry": "bafk2bzacebdwdxvflbvdroevz6jwfr62jffxyi4xdrw6ezirgatqqa3sd2vbc",
            "datacap": "bafk2bzacedir2w4opuf2nflnrlb7cfaqgjzldgr4qdyjli775s2wpr2cp32hi",
            "placeholder": "bafk2bzacedfvut2myeleyq67fljcrw4kkmn5pb5dpyozovj7jpoez5irnc3ro",
            "evm": "bafk2bzacedbb2edt6kzzlochq4xahrffxnshghiwfa45xfyi6nfcvjojso5lc",
            "eam": "bafk2bzacebz2jhqgfkzetygd5lqflcc5gm2dtmvcduq4khcgeyem5c4fcsn4y",
            "ethaccount": "bafk2bzaceaje5z7bxpbjo2befurw4rrsrhlwfnj7ps45tzshwcczha74cizno",
        },
        "testing-fake-proofs": {
            "system": "bafk2bzaceboflgwz425do6punhi4rdeqryc7vf7bf4cjabivzyieki5jqnc3i",
            "init": "bafk2bzacecvhl2ub56olwpxkfn466mllt4rlzcpwfjwo24m72myq4rmsmp3jm",
            "cron": "bafk2bzaceaj2gxrxect3osfwralk7ndhz3rzy7ybz3rlxdnqmgfjm7o47n7sm",
            "account": "bafk2bzaceb7qdzbji4msh3tyi3hqylly3ao77svv2243sjzwssfxo6dzdhxmc",
            "storagepower": "bafk2bzacebfp3mye2ic3gzmqfsipwci5jekkzbud5tdqb47gvwqhucd6nlnkk",
            "storageminer": "bafk2bzacec6cdq46pwy6rh27qfpvlkuzde3ux7eid52hwk5y3hsiemzb4ll4i",
            "storagemarket": "bafk2bzacecp7lzrz7uvvn7jhi3frgq2xbd3fc2zlk2xrrqkdcpnp4iibwkdr4",
            "paymentchannel": "bafk2bzacebt2bhrmo55gkdeyil5bdmy5xo2i6ga4uyvriw7yiqsslro6gpco2",
            "multisig": "bafk2bzacedw4b7bw5yhfzuvdgut4hglzsshhlq2ab4vm7pafmgechgdsqh2uo",
            "reward": "bafk2bzaceadirgwrviw62skqu32xp4ddozk44gmkb7jh4fas6ppzg2edzpguo",
            "verifiedregistry": "bafk2bzacebdwdxvflbvdroevz6jwfr62jffxyi4xdrw6ezirgatqqa3sd2vbc",
            "datacap": "bafk2bzacedir2w4opuf2nflnrlb7cfaqgjzldgr4qdyjli775s2wpr2cp32hi",
            "placeholder": "bafk2bzacedfvut2myeleyq67fljcrw4kkmn5pb5dpyozovj7jpoez5irnc3ro",
            "evm": "bafk2bzacedbb2edt6kzzlochq4xahrffxnshghiwfa45xfyi6nfcvjojso5lc",
            "eam": "bafk2bzacebz2jhqgfkzetygd5lqflcc5gm2dtmvcduq4khcgeyem5c4fcsn4y",
            "ethaccount": "bafk2bzaceaje5z7bxpbjo2befurw4rrsrhlwfnj7ps45tzshwcczha74cizno",
        },
    },
}


def actor_codes(version: int, bundle: str) -> dict[str, Cid]:
    """Return the code of each built-in actor by name, in the manifest's order.

    `version` is the major version of the actors, `bundle` the build: `mainnet`, `devnet` and so on.
    LocalFault where no such release is known here.
    """
    codes = _CODES.get(version, {}).get(bundle)
    if codes is None:
        raise LocalFault(
            f"the code of actors v{version} for {bundle} is known from its bundle only: "
            f"run `papyrus bundle fetch {version} --network {bundle}`"
        )
    return {name: Cid.from_string(code) for name, code in codes.items()}


def release_of(codes: Mapping[str, Cid]) -> tuple[int, str] | None:
    """Return the version and the build whose actors these are, all of them, or None if unknown."""
    texts = {name: str(code) for name, code in codes.items()}
    for version, bundles in _CODES.items():
        for bundle, known in bundles.items():
            if known == texts:
                return version, bundle
    return None


@cache
def known_codes() -> Mapping[Cid, str]:
    """Return the name of the actor of every code listed here, of any release and build."""
    return {
        Cid.from_string(code): name
        for builds in _CODES.values()
        for codes in builds.values()
        for name, code in codes.items()
    }


_DISTINCT = "storageminer"
"""An actor whose code differs from build to build, since their policies do."""


@cache
def _builds() -> dict[Cid, str]:
    return {
        Cid.from_string(codes[_DISTINCT]): build
        for builds in _CODES.values()
        for build, codes in builds.items()
    }


def build_of(codes: Mapping[str, Cid]) -> str | None:
    """Return which build these actors are of, given by name; None where that is not known."""
    code = codes.get(_DISTINCT)
    return None if code is None else _builds().get(code)
