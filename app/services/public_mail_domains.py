"""Domains under which anybody gets an e-mail address: no company may claim them as its own."""

PUBLIC_MAIL_DOMAINS = frozenset(
    {
        # Russia and its neighbours
        *("mail.ru", "bk.ru", "inbox.ru", "list.ru", "internet.ru", "xmail.ru", "vk.com", "rambler.ru", "lenta.ru"),
        *("autorambler.ru", "myrambler.ru", "ro.ru", "r0.ru", "yandex.ru", "yandex.com", "yandex.by", "yandex.kz"),
        *("yandex.ua", "yandex.uz", "ya.ru", "narod.ru", "pochta.ru", "tut.by", "mail.kz", "ukr.net", "i.ua"),
        # the world
        *("gmail.com", "googlemail.com", "outlook.com", "outlook.de", "outlook.fr", "hotmail.com", "hotmail.de"),
        *("hotmail.fr", "hotmail.co.uk", "live.com", "live.ru", "msn.com", "passport.com", "yahoo.com", "yahoo.de"),
        *("yahoo.fr", "yahoo.co.uk", "yahoo.co.jp", "ymail.com", "rocketmail.com", "aol.com", "aim.com", "icloud.com"),
        *("me.com", "mac.com", "proton.me", "protonmail.com", "pm.me", "gmx.de", "gmx.net", "gmx.com", "gmx.at"),
        *("web.de", "t-online.de", "freenet.de", "mail.com", "email.com", "zoho.com", "zohomail.com", "fastmail.com"),
        *("tutanota.com", "tuta.com", "tuta.io", "orange.fr", "free.fr", "laposte.net", "wanadoo.fr", "libero.it"),
        *("wp.pl", "o2.pl", "onet.pl", "interia.pl", "seznam.cz", "qq.com", "163.com", "126.com", "sina.com"),
        *("naver.com", "comcast.net", "verizon.net", "att.net", "hushmail.com", "disroot.org", "riseup.net"),
    }
)
