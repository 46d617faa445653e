"""The words of the inventory's refusals."""

from kit.texts import Catalogue, Text

TEXTS: Catalogue = {
    "duplicate_sku": Text("There is a product {sku} already.", "Já existe um produto {sku}."),
    "duplicate_price_list": Text("There is a price list {code} already.", "Já existe uma lista de preços {code}."),
    "repeated_sku": Text("{sku} stands there more than once.", "{sku} aparece mais de uma vez."),
    "duplicate_location": Text("There is a location {code} already.", "Já existe um local {code}."),
    "invalid_qty": Text(
        "{qty} is no quantity: above zero, at most nine digits and three decimal places.",
        "{qty} não é uma quantidade: acima de zero, no máximo nove dígitos e três casas decimais.",
    ),
    "invalid_step": Text("A step must be above zero, not {step}.", "O passo deve ser maior que zero, não {step}."),
    "invalid_expiry_date": Text("{expiry_date} is no date.", "{expiry_date} não é uma data."),
    "invalid_adjustment": Text(
        "Give either qty_delta or counted_qty, and not both; units of one lot only leave, by qty_delta.",
        "Informe qty_delta ou counted_qty, e não os dois; de um lote só se retira, com qty_delta.",
    ),
    "quantity_too_large": Text("No quantity may go beyond {largest}.", "Nenhuma quantidade pode passar de {largest}."),
    "off_step": Text(
        "{sku} is counted in steps of {step}, so {qty} is not possible.",
        "{sku} é contado em passos de {step}; {qty} não é possível.",
    ),
    "unknown_sku": Text("There is no product {sku}.", "Não existe o produto {sku}."),
    "unknown_location": Text("There is no location {location}.", "Não existe o local {location}."),
    "product_inactive": Text("Product {sku} is not for sale.", "O produto {sku} não está à venda."),
    "location_inactive": Text("Location {location} is not in use.", "O local {location} não está em uso."),
    "insufficient_stock": Text(
        "There is not enough stock: the context says of what, how much there is, and when that may change.",
        "Estoque insuficiente: o contexto diz de que, quanto há e quando isso pode mudar.",
    ),
    "below_reserved": Text(
        "{on_hand} are there and {reserved} of them are reserved: stock cannot fall below that.",
        "Há {on_hand}, dos quais {reserved} estão reservados: o estoque não pode ficar abaixo disso.",
    ),
    "exceeds_reserved": Text(
        "{qty} cannot leave: {remaining} of the reservation are left.",
        "{qty} não pode sair: restam {remaining} da reserva.",
    ),
    "invalid_filter": Text("{name} cannot be asked of the past.", "{name} não se aplica ao passado."),
    "unknown_lot": Text("Of lot {lot_id} nothing lies there.", "Não há nada do lote {lot_id} ali."),
    "exceeds_lot": Text("Of lot {lot_id} only {left} are left.", "Do lote {lot_id} só restam {left}."),
    "alert_closed": Text("Alert {id} is closed.", "O alerta {id} está encerrado."),
    "own_alternative": Text("{sku} is no alternative to itself.", "{sku} não é alternativa de si mesmo."),
    "same_location": Text(
        "Units cannot go from {location} to itself.", "Não se transfere de {location} para o mesmo local."
    ),
    "not_in_transfer": Text("{sku} is not in the transfer.", "{sku} não está na transferência."),
    "exceeds_transfer": Text(
        "{qty} of {sku} cannot arrive: {under_way} are under way.",
        "{qty} de {sku} não podem chegar: {under_way} estão a caminho.",
    ),
    "transfer_cancelled": Text("Transfer {id} was cancelled.", "A transferência {id} foi cancelada."),
    "transfer_received": Text("Transfer {id} has arrived.", "A transferência {id} já chegou."),
    "backordered": Text(
        "{qty} of {sku} are promised, but only {on_hand} are there: wait for goods to come in.",
        "{qty} de {sku} estão prometidos, mas só há {on_hand}: aguarde a chegada da mercadoria.",
    ),
    "backorders_open": Text(
        "{backordered} are promised beyond what is there: the limit cannot fall below that.",
        "{backordered} estão prometidos além do que há: o limite não pode ficar abaixo disso.",
    ),
    "sale_returned": Text(
        "The units of {sale_ref} were brought back; they do not leave under that ref again.",
        "As unidades de {sale_ref} foram devolvidas; não saem de novo com essa referência.",
    ),
    "reservation_committed": Text(
        "All units of reservation {id} have left.", "Todas as unidades da reserva {id} já saíram."
    ),
    "reservation_expired": Text(
        "Reservation {id} ran out at {expired_at}; make a new one.",
        "A reserva {id} expirou em {expired_at}; faça uma nova.",
    ),
    "reservation_released": Text(
        "Reservation {id} was released; make a new one.", "A reserva {id} foi liberada; faça uma nova."
    ),
}
