"""Signing in, rights, companies and invitations."""

ACCOUNTS: dict[str, tuple[str, str]] = {
    # signing in
    "not_authenticated": (
        "Sign in first: send the header Authorization: Bearer <access token>.",
        "Сначала войдите: пришлите заголовок Authorization: Bearer <токен доступа>.",
    ),
    "invalid_token": ("The token is not valid or has expired.", "Токен неверен или истёк."),
    "session_ended": ("This session has ended. Sign in again.", "Сеанс завершён. Войдите снова."),
    "invalid_credentials": ("The e-mail or the password is wrong.", "Неверный e-mail или пароль."),
    "wrong_password": ("The current password is wrong.", "Текущий пароль указан неверно."),
    "refresh_token_reused": (
        "This refresh token was used before, so the session was ended. Sign in again.",
        "Этот токен обновления уже использован, поэтому сеанс завершён. Войдите снова.",
    ),
    "registration_closed": (
        "Registration is closed here. Ask an administrator for an account.",
        "Регистрация закрыта. Попросите администратора создать учётную запись.",
    ),
    "email_taken": (
        "There is already a user with the e-mail {email}.",
        "Пользователь с e-mail {email} уже есть.",
    ),
    "login_busy": (
        "Too many people are signing in at this moment. Try again in {seconds} s.",
        "Сейчас входит слишком много людей. Повторите через {seconds} с.",
    ),
    # companies, registration and invitations
    "registration_by_domain": (
        "Only e-mail addresses of companies that work here can be registered. Or ask an administrator to invite you.",
        "Зарегистрировать можно только e-mail компаний, которые здесь работают. Или попросите вас пригласить.",
    ),
    "registration_by_invitation": (
        "Registration is by invitation only. Ask an administrator to invite you.",
        "Регистрация только по приглашению. Попросите администратора пригласить вас.",
    ),
    "registration_mail_sent": (
        "A letter is on its way to this address. Follow the link in it to register.",
        "На этот адрес отправлено письмо. Чтобы зарегистрироваться, перейдите по ссылке в нём.",
    ),
    "invitation_invalid": (
        "This invitation is not valid: it was used, withdrawn or replaced by a newer one. Ask for another.",
        "Приглашение недействительно: его использовали, отозвали или заменили новым. Попросите другое.",
    ),
    "invitation_expired": (
        "This invitation has expired. Ask for another one.",
        "Срок приглашения истёк. Попросите новое.",
    ),
    "invitation_other_email": (
        "The invitation is for another e-mail address.",
        "Приглашение отправлено на другой e-mail.",
    ),
    "invitation_not_found": ("There is no such invitation.", "Такого приглашения нет."),
    "invitation_not_open": (
        "This invitation was accepted or withdrawn already.",
        "Это приглашение уже принято или отозвано.",
    ),
    "invitations_closed": (
        "Registration is closed here, so nobody could accept an invitation. Create the account instead.",
        "Регистрация закрыта, и принять приглашение никто не сможет. Создайте учётную запись сами.",
    ),
    "too_many_invitations": (
        "{limit} invitations of this company wait for an answer, which is the limit. Withdraw some first.",
        "Ответа ждут уже {limit} приглашений этой компании — это предел. Сначала отзовите лишние.",
    ),
    "installation_admin_only": (
        "Only an administrator of the installation may do this.",
        "Это может делать только администратор установки.",
    ),
    "organization_delete_unconfirmed": (
        "Deleting a company removes everything of it for good. Repeat the request with ?confirm= and its exact name.",
        "Удаление компании безвозвратно стирает всё в ней. Повторите запрос с ?confirm= и её точным названием.",
    ),
    "domain_taken": (
        "The domain {domain} belongs to another company already.",
        "Домен {domain} уже принадлежит другой компании.",
    ),
    "domain_public": (
        "{domain} serves everybody's mail, so no company can claim it.",
        "{domain} — общедоступная почта, поэтому компания не может его занять.",
    ),
    "too_many_domains": (
        "A company has at most {limit} e-mail domains.",
        "У компании не более {limit} почтовых доменов.",
    ),
    "workday_order": (
        "The working day must start before it ends.",
        "Рабочий день должен начинаться раньше, чем заканчивается.",
    ),
    # rights
    "admin_only": ("Only an administrator may do this.", "Это может делать только администратор."),
    "admin_or_it_only": (
        "Only an administrator or the IT desk may do this.",
        "Это может делать только администратор или ИТ-служба.",
    ),
    "admin_only_fields": (
        "Only an administrator may change: {fields}.",
        "Только администратор может менять: {fields}.",
    ),
    "company_required": (
        "An installation administrator belongs to no company and has no calendars, events or rooms.",
        "Администратор установки не состоит в компании: у него нет календарей, событий и комнат.",
    ),
    "organization_not_yours": (
        "Only an installation administrator may choose the company.",
        "Компанию может выбирать только администратор установки.",
    ),
    "last_admin": (
        "This is the last active administrator. Appoint another one first.",
        "Это последний действующий администратор. Сначала назначьте другого.",
    ),
    "not_calendar_owner": (
        "This calendar is somebody else's, and is not shared with you for this.",
        "Это чужой календарь, и для этого он вам не открыт.",
    ),
    "not_organizer": (
        "Only the organizer of the event may change it.",
        "Менять событие может только его организатор.",
    ),
}
